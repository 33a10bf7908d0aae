//! A real mail server in a process of its own: aiosmtpd, which keeps what it takes in a maildir.
//! Python's own parser reads the letters, so that nothing of ours vouches for them.
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const READ: &str = r#"
import email, email.policy, glob, json, os, sys
letters = []
for path in sorted(glob.glob(sys.argv[1] + "/new/*"), key=os.path.getmtime):
    with open(path, "rb") as file:
        m = email.message_from_binary_file(file, policy=email.policy.default)
    letters.append({
        "from": str(m["From"]), "to": str(m["To"]), "subject": str(m["Subject"]),
        "reply_to": str(m["Reply-To"]), "id": str(m["Message-ID"]),
        "auto": str(m["Auto-Submitted"]), "rcpt": str(m["X-RcptTo"]),
        "names": [name.lower() for name in m.keys()],
        "kinds": [part.get_content_type() for part in m.walk()],
        "text": m.get_body(("plain",)).get_content(),
        "html": m.get_body(("html",)).get_content(),
    })
print(json.dumps(letters))
"#;

pub struct MailServer {
    pub port: u16,
    python: &'static str,
    process: Child,
    folder: TempDir,
}

/// The Python that has aiosmtpd. None where there is none; CI must have it.
fn python() -> Option<&'static str> {
    let has = |python: &&str| {
        Command::new(*python)
            .args(["-c", "import aiosmtpd"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    };
    let found = ["/usr/bin/python3", "python3"].into_iter().find(has);
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "aiosmtpd is missing (Debian: apt install python3-aiosmtpd), and CI needs it"
        );
        eprintln!("Left out: aiosmtpd is not installed (Debian: apt install python3-aiosmtpd).");
    }
    found
}

/// A port on which nobody listens at the moment.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl MailServer {
    /// Starts one, unless it is not installed.
    pub fn start(port: u16) -> Option<Self> {
        let python = python()?;
        let folder = tempfile::tempdir().unwrap();
        let at = format!("127.0.0.1:{port}");
        let mut process = Command::new(python)
            .args(["-m", "aiosmtpd", "-n", "-d", "-l", &at])
            .args(["-c", "aiosmtpd.handlers.Mailbox"])
            .arg(folder.path().join("mail"))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
        let ready = said.any(|line| line.unwrap().contains("listening"));
        assert!(ready, "the mail server did not start");
        // Read on, or its log would fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        Some(Self {
            port,
            python,
            process,
            folder,
        })
    }

    fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// What it took, oldest first.
    pub fn letters(&self) -> Vec<Value> {
        let read = Command::new(self.python)
            .args(["-c", READ])
            .arg(self.mail())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&read.stderr);
        assert!(read.status.success(), "{words}");
        serde_json::from_slice(&read.stdout).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
