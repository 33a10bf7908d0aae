//! The program as a process of its own, as an operator runs it.
use super::TestApp;
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The program in `folder`, with nothing of this process's own settings.
pub fn malipo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_malipo"));
    command.env_clear().current_dir(folder);
    command
}

/// Runs a command to its end.
pub fn run(folder: &Path, env: &[(&str, &str)], args: &[&str]) -> Output {
    malipo(folder)
        .envs(env.iter().copied())
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The JSON that a command prints; a failure fails the test.
pub fn facts(folder: &Path, env: &[(&str, &str)], args: &[&str]) -> Value {
    let out = run(folder, env, &[args, &["--json"]].concat());
    let (said, told) = (
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
    );
    assert!(out.status.success(), "{args:?}: {said}{told}");
    serde_json::from_str(&said).unwrap_or_else(|e| panic!("{args:?}: {e}: {said}"))
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Asks until it is so, in short steps and not for ever.
pub async fn until<F: AsyncFnMut() -> bool>(what: &str, mut is_so: F) {
    for _ in 0..1_500 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: not within half a minute");
}

/// `malipo serve` on the database of a [`TestApp`].
pub struct Served {
    pub url: String,
    process: Child,
    log: std::path::PathBuf,
}

impl Served {
    pub async fn start(t: &TestApp) -> Self {
        let port = free_port();
        Self::start_on(t, port, &format!("http://127.0.0.1:{port}")).await
    }

    /// On a port, telling others another address than that.
    pub async fn start_on(t: &TestApp, port: u16, public_url: &str) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let url = format!("http://{listen}");
        let log = t.db.folder.path().join(format!("serve-{port}.log"));
        let process = malipo(t.db.folder.path())
            .arg("serve")
            .env("MALIPO_DATABASE_URL", &t.db.url)
            .env("MALIPO_MASTER_KEY", t.master_key())
            .env("MALIPO_LISTEN", &listen)
            .env("MALIPO_PUBLIC_URL", public_url)
            .env("MALIPO_LOG", "debug")
            .env("MALIPO_ALLOW_PRIVATE_URLS", "true")
            .env("MALIPO_DATA_DIR", t.db.folder.path())
            .env(
                "MALIPO_PROVIDER_URL_PAYSTACK_TEST",
                format!("{}/paystack", t.sim.url),
            )
            .env(
                "MALIPO_PROVIDER_URL_MPESA_TEST",
                format!("{}/mpesa", t.sim.url),
            )
            .stderr(std::fs::File::create(&log).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let served = Self { url, process, log };
        let healthz = format!("{}/healthz", served.url);
        until("the server answers", async || {
            let answer = t.http.get(&healthz).send().await;
            answer.is_ok_and(|a| a.status().is_success())
        })
        .await;
        served
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// What it wrote to standard error so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
