//! Events to a real NATS server.
use super::refunds::paid;
use crate::support::TestApp;
use crate::support::process::{free_port, until};
use async_nats::jetstream::{self, stream::Stream};
use malipo::services::nats::{NatsError, Publisher};
use malipo::store::nats as outbox;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// The server's program. CI has it; a desk without it leaves the test out and says so.
fn program() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join("nats-server"))
        .find(|path| path.is_file());
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "CI needs nats-server"
    );
    found
}

struct Server(Child);

impl Server {
    fn start(program: &Path, folder: &Path, port: u16) -> Self {
        let child = Command::new(program)
            .args(["--jetstream", "--addr", "127.0.0.1", "--user", "malipo"])
            .args(["--pass", "a word", "--port", &port.to_string()])
            .arg("--store_dir")
            .arg(folder)
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn count(stream: &mut Stream) -> u64 {
    stream.info().await.unwrap().state.messages
}

#[tokio::test]
async fn events_reach_nats_once_however_often_they_are_published() {
    let Some(program) = program() else {
        eprintln!("left out: there is no nats-server here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut t = TestApp::start().await;
    let url = format!("nats://malipo:a%20word@127.0.0.1:{port}");
    let mut settings = (*t.app.settings).clone();
    settings.nats_url = Some(url.clone().into());
    t.app.settings = Arc::new(settings);
    // The served router has its own settings: the events are made by the jobs.
    let (order, _) = paid(&t, "paystack").await;
    let told = t.events(&order).await;
    assert_eq!(told, ["order.paid"]);

    // Without a server they wait, and nothing else does.
    let mut publisher = Publisher::new(url.into());
    let failed = publisher.publish_due(&t.app).await;
    assert!(matches!(failed, Err(NatsError::Connect(_))), "{failed:?}");
    let _server = Server::start(&program, folder.path(), port);
    until("the server listens", async || {
        tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_ok()
    })
    .await;
    let sent = publisher.publish_due(&t.app).await.unwrap();
    assert!(sent >= 2, "{sent}");
    assert_eq!(publisher.publish_due(&t.app).await.unwrap(), 0);

    let options = async_nats::ConnectOptions::with_user_and_password(
        "malipo".to_owned(),
        "a word".to_owned(),
    );
    let client = options.connect(format!("127.0.0.1:{port}")).await.unwrap();
    let mut stream = jetstream::new(client).get_stream("MALIPO").await.unwrap();
    assert_eq!(count(&mut stream).await, sent as u64);
    let subject = format!("malipo.{}.order.paid", t.tenant.slug);
    let message = stream
        .get_last_raw_message_by_subject(&subject)
        .await
        .unwrap();
    let body: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]["id"]),
        (&"order.paid".into(), &order["id"])
    );
    assert_eq!(
        message.headers.get("Nats-Msg-Id").unwrap().as_str(),
        body["id"]
    );

    // A process that died before it could note the acknowledgement: published again, dropped.
    let event = malipo::domain::ids::EventId::from_stored(body["id"].as_str().unwrap().to_owned());
    let mut tx = t.app.db.begin().await.unwrap();
    outbox::queue(&mut tx, &event).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(publisher.publish_due(&t.app).await.unwrap(), 1);
    assert_eq!(count(&mut stream).await, sent as u64);
}
