//! The simulator as a process of its own, so that nothing of ours is in it but its wire.
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

pub struct Simulator {
    pub url: String,
    http: reqwest::Client,
    process: Child,
    _folder: TempDir,
}

/// How long a customer takes to answer a prompt: longer than any test runs, so that only a moved
/// clock answers.
const PROMPT_DELAY_MS: &str = "30000";

impl Simulator {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_malipo"))
            .args(["simulator", "--at", "127.0.0.1:0", "--json", "--data"])
            .arg(folder.path().join("simulator.db"))
            .args(["--prompt-delay-ms", PROMPT_DELAY_MS])
            .env("MALIPO_LOG", "error")
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let facts: Value = serde_json::from_str(&line).unwrap();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            url: facts["url"].as_str().unwrap().to_owned(),
            http,
            process,
            _folder: folder,
        }
    }

    /// A call of the control API; a refusal fails the test.
    pub async fn control(&self, path: &str, body: Value) -> Value {
        let told = self.try_control(path, body.clone()).await;
        told.unwrap_or_else(|(status, why)| panic!("{path} {body}: {status} {why}"))
    }

    /// A call of the control API, or the status and words of its refusal.
    pub async fn try_control(&self, path: &str, body: Value) -> Result<Value, (u16, String)> {
        let url = format!("{}/_control/{path}", self.url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        if status.is_success() {
            Ok(serde_json::from_str(&text).unwrap())
        } else {
            Err((status.as_u16(), text))
        }
    }

    /// The providers that it plays.
    pub async fn providers(&self) -> Vec<String> {
        let url = format!("{}/_control/health", self.url);
        let answer = self.http.get(url).send().await.unwrap();
        let told: Value = answer.json().await.unwrap();
        let names = told["providers"].as_array().unwrap();
        names
            .iter()
            .map(|n| n.as_str().unwrap().to_owned())
            .collect()
    }

    pub async fn advance(&self, seconds: i64) {
        self.control("advance", json!({ "seconds": seconds })).await;
    }

    /// Is the customer. Hooks are delivered when this returns.
    pub async fn decide(&self, provider: &str, reference: &str, outcome: &str) {
        let body = json!({ "provider": provider, "reference": reference, "outcome": outcome });
        self.control("decide", body).await;
    }

    /// Plants one fault; `more` adds to it.
    pub async fn fault(&self, provider: &str, operation: &str, fault: &str, more: Value) {
        let mut body = json!({ "provider": provider, "operation": operation, "fault": fault });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.control("faults", body).await;
    }

    /// Whether a fault of this operation has not struck yet.
    pub async fn planted(&self, operation: &str) -> bool {
        let url = format!("{}/_control/faults", self.url);
        let answer = self.http.get(url).send().await.unwrap();
        let told: Value = answer.json().await.unwrap();
        let faults = told["faults"].as_array().unwrap();
        faults.iter().any(|f| f["operation"] == operation)
    }

    pub async fn clear_faults(&self) {
        let url = format!("{}/_control/faults", self.url);
        let answer = self.http.delete(url).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    pub async fn ledger(&self) -> Value {
        let url = format!("{}/_control/ledger", self.url);
        let answer = self.http.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// How often an operation was called.
    pub async fn calls(&self, operation: &str) -> usize {
        let ledger = self.ledger().await;
        let calls = ledger["calls"].as_array().unwrap();
        calls.iter().filter(|c| c["operation"] == operation).count()
    }

    /// The hooks it sent or would send, oldest first.
    pub async fn hooks(&self) -> Vec<Value> {
        self.ledger().await["hooks"].as_array().unwrap().clone()
    }

    /// What the provider gave back in all, in minor units.
    pub async fn refunded_minor(&self) -> i64 {
        let ledger = self.ledger().await;
        let payments = ledger["payments"].as_array().unwrap();
        payments
            .iter()
            .filter_map(|p| p["refunded_minor"].as_i64())
            .sum()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
