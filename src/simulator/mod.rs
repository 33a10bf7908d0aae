//! `malipo simulator`: the providers' side of the wire, with its own clock and durable ledger.
//! This file holds what every provider stands on: the registry, the call wrapper and the runner.
//! Each provider's format is in its own file, written from its documentation alone.

#[cfg(feature = "sample-provider")]
#[path = "../../docs/sample-provider/acme_simulator.rs"]
mod acme;
mod clock;
mod control;
mod faults;
mod flutterwave;
mod hooks;
mod ledger;
mod listener;
mod mamopay;
mod mpesa;
mod mtn_momo;
mod pages;
mod payme;
mod paymongo;
mod paystack;
mod stripe;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, MutexGuard, Notify};

use clock::Clock;
use faults::{About, FaultKind, Faults};
use ledger::{Account, Call, Change, Hook, Ledger, Payment, Task};
use listener::{Cut, CutListener};

/// Every provider. One file and one line each.
static PROVIDERS: &[&dyn Provider] = &[
    &stripe::Stripe,
    &paystack::Paystack,
    &flutterwave::Flutterwave,
    &mpesa::Mpesa,
    &mtn_momo::MtnMomo,
    &paymongo::Paymongo,
    &payme::Payme,
    &mamopay::MamoPay,
    #[cfg(feature = "sample-provider")]
    &acme::Acme,
];

/// How often the runner looks for what has come due by itself.
const TICK: Duration = Duration::from_millis(250);
/// How long open answers may take after the shutdown.
const GRACE: Duration = Duration::from_secs(1);

/// What the simulator is started with.
#[derive(Clone, Debug)]
pub struct Options {
    pub listen: SocketAddr,
    /// The ledger's `SQLite` file.
    pub data: PathBuf,
    /// How long a prompt on a phone waits before it is answered by itself.
    pub prompt_delay: Duration,
    /// How browsers reach the simulator; default: `http://` and the address it listens on.
    pub public_url: Option<String>,
}

impl Options {
    /// Options with the usual prompt delay of 3 s and no public URL.
    pub fn new(listen: SocketAddr, data: PathBuf) -> Self {
        Self {
            listen,
            data,
            prompt_delay: Duration::from_secs(3),
            public_url: None,
        }
    }
}

/// A simulator that holds its port and its ledger, not serving yet.
pub struct Simulator {
    listener: TcpListener,
    address: SocketAddr,
    sim: Sim,
}

/// Takes the port and opens the ledger.
///
/// # Errors
/// When the port is taken or the ledger's file cannot be used.
pub async fn bind(options: Options) -> anyhow::Result<Simulator> {
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = listener.local_addr()?;
    let ledger = Ledger::open(&options.data).await?;
    let ahead = ledger.setting("clock").await?.unwrap_or(0);
    let url = options
        .public_url
        .unwrap_or_else(|| format!("http://{address}"));
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()?;
    let sim = Sim(Arc::new(Inner {
        clock: Clock::ahead_by(ahead),
        ledger,
        faults: Faults::default(),
        http,
        url: url.trim_end_matches('/').to_owned(),
        prompt_delay: i64::try_from(options.prompt_delay.as_millis()).unwrap_or(3_000),
        turn: Mutex::new(()),
        runner: Mutex::new(()),
        wake: Notify::new(),
    }));
    Ok(Simulator {
        listener,
        address,
        sim,
    })
}

impl Simulator {
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where browsers and Malipo reach it, without a slash at the end.
    pub fn url(&self) -> String {
        self.sim.url.clone()
    }

    /// Serves until `shutdown` is ready; open answers then have a second left.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve<F>(self, shutdown: F) -> anyhow::Result<()>
    where
        F: Future<Output = ()> + Send,
    {
        let ticker = tokio::spawn(self.sim.clone().tick());
        let app = router(&self.sim)
            .layer(axum::middleware::from_fn(listener::cut_marked))
            .into_make_service_with_connect_info::<Cut>();
        let (close, closing) = tokio::sync::oneshot::channel::<()>();
        let server = axum::serve(CutListener(self.listener), app)
            .with_graceful_shutdown(async {
                let _ = closing.await;
            })
            .into_future();
        let mut server = std::pin::pin!(server);
        tokio::select! {
            ended = &mut server => ended?,
            () = shutdown => {
                let _ = close.send(());
                let _ = tokio::time::timeout(GRACE, server).await;
            }
        }
        ticker.abort();
        self.sim.ledger.close().await;
        Ok(())
    }
}

fn router(sim: &Sim) -> Router {
    let mut app = Router::new().merge(control::routes());
    for provider in PROVIDERS {
        for (at, routes) in provider.mounts() {
            app = app.nest(&format!("/{at}"), routes);
        }
    }
    app.with_state(sim.clone())
}

/// The first path segment of a provider's test or live side: `paystack`, `mpesa-live`.
pub fn mount(name: &str, live: bool) -> String {
    let own = format!("{name}-live");
    let mounts = provider(name).map(Provider::mounts).unwrap_or_default();
    if live && mounts.iter().any(|(at, _)| *at == own) {
        own
    } else {
        name.to_owned()
    }
}

fn provider(name: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|p| p.name() == name)
}

/// One provider's side of the wire.
#[async_trait]
trait Provider: Send + Sync {
    /// The name in control calls and in the ledger.
    fn name(&self) -> &'static str;

    /// First path segment and routes; more than one where test and live have different hosts.
    fn mounts(&self) -> Vec<(&'static str, Router<Sim>)>;

    /// Its own name of an operation that every provider has: `start`, `fetch`, `refund` and
    /// `fetch_refund`, by which a fault may be planted at any of them.
    fn operation<'a>(&self, name: &'a str) -> &'a str {
        name
    }

    /// An account from `POST /_control/accounts`, or why not.
    fn account(&self, wanted: &Value) -> Result<Account, String>;

    /// An amount of the wire in ISO 4217 minor units.
    fn minor(&self, currency: &str, amount: i64) -> i64;

    /// Makes an answer or a hook's body untrue in the fields that this provider uses.
    fn distort(&self, wrong: FaultKind, body: &mut Value);

    /// The headers that prove a hook's body, sent at `now` (Unix milliseconds). An account that was
    /// never registered has its id alone.
    fn sign(&self, account: &Account, body: &str, now: i64) -> Vec<(String, String)>;

    /// More headers of a hook, made anew for each delivery: proofs that name their time.
    async fn stamp(&self, _sim: &Sim, _hook: &Hook) -> anyhow::Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    /// Whether the answer to a hook ends its delivery.
    fn delivered(&self, status: u16) -> bool;

    /// The pause in milliseconds after the failed attempt number `attempts`; `None` gives up.
    fn redeliver_after(&self, mode: &str, attempts: i64) -> Option<i64>;

    /// What a task must ask others before its turn.
    async fn prepare(&self, _sim: &Sim, _task: &Task) -> anyhow::Result<Value> {
        Ok(Value::Null)
    }

    /// A task that is due. `prepared` is what [`Provider::prepare`] gave.
    async fn run(&self, sim: &Sim, task: &Task, prepared: Value) -> anyhow::Result<Vec<Change>>;

    /// The customer's decision, made by `POST /_control/decide`.
    async fn decide(
        &self,
        sim: &Sim,
        payment: Payment,
        outcome: &str,
    ) -> anyhow::Result<Result<Vec<Change>, String>>;

    /// A hook that claims a success nobody has given.
    async fn forge(&self, sim: &Sim, payment: &Payment) -> anyhow::Result<Option<Hook>>;

    /// A payment that the customer starts, by `POST /_control/pay`.
    async fn pay(&self, _sim: &Sim, _wanted: &Value) -> anyhow::Result<Result<Value, String>> {
        Ok(Err(
            "with this provider only the merchant starts a payment".into()
        ))
    }
}

/// An API answer before a fault may spoil it.
#[derive(Clone, Debug)]
struct Reply {
    status: StatusCode,
    body: Value,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    fn new(status: u16, body: Value) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, body }
    }
}

impl IntoResponse for Reply {
    /// `null` is no body at all, and a text is a page: some providers answer so.
    fn into_response(self) -> Response {
        match self.body {
            Value::Null => self.status.into_response(),
            Value::String(page) => (self.status, Html(page)).into_response(),
            body => (self.status, axum::Json(body)).into_response(),
        }
    }
}

/// The running simulator, shared by all handlers.
#[derive(Clone)]
struct Sim(Arc<Inner>);

struct Inner {
    clock: Clock,
    ledger: Ledger,
    faults: Faults,
    http: reqwest::Client,
    url: String,
    prompt_delay: i64,
    /// Held while the books are read in order to be changed.
    turn: Mutex<()>,
    /// Held by whoever runs what is due.
    runner: Mutex<()>,
    wake: Notify,
}

impl std::ops::Deref for Sim {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Sim {
    /// Takes the turn to read and change the books.
    async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Commits and wakes the runner.
    async fn commit(&self, changes: Vec<Change>) -> anyhow::Result<()> {
        self.ledger.commit(changes).await?;
        self.wake.notify_one();
        Ok(())
    }

    /// Answers one API call: writes it down, lets planted faults strike, and runs the effect to
    /// its end even when the client leaves.
    async fn answer<F>(
        &self,
        provider: &'static dyn Provider,
        operation: &'static str,
        about: About,
        effect: F,
    ) -> Response
    where
        F: Future<Output = anyhow::Result<Reply>> + Send + 'static,
    {
        let fault = self.faults.take(provider.name(), operation, &about);
        let call = Call {
            provider: provider.name().into(),
            operation: operation.into(),
            at: self.clock.now(),
            reference: about.reference,
            fault: fault.as_ref().map(|f| named(f.kind)),
        };
        if let Err(error) = self.ledger.record(&call).await {
            tracing::error!(%error, "the simulator cannot write its ledger");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        if let Some(fault) = fault.as_ref().filter(|f| f.before()) {
            return fault.spoil(None).await;
        }
        let sim = self.clone();
        let done = tokio::spawn(async move {
            let _turn = sim.turn().await;
            effect.await
        });
        let mut reply = match done.await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => {
                tracing::error!(operation, ?error, "a simulated call failed");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
            Err(error) => {
                tracing::error!(operation, %error, "a simulated call broke off");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        match fault {
            None => reply.into_response(),
            Some(fault) if fault.kind.distorts() => {
                provider.distort(fault.kind, &mut reply.body);
                reply.into_response()
            }
            Some(fault) => fault.spoil(Some((reply.status, reply.body))).await,
        }
    }

    /// Runs what comes due as real time passes.
    async fn tick(self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                () = self.wake.notified() => {}
            }
            if let Err(error) = self.run_until(self.clock.now()).await {
                tracing::error!(?error, "the simulator's runner failed");
            }
        }
    }

    /// Runs everything due up to `target`, each at its own moment, and leaves the clock there.
    async fn run_until(&self, target: i64) -> anyhow::Result<()> {
        let _runner = self.runner.lock().await;
        loop {
            // What one step brings about may be due a moment after the target was chosen.
            let until = target.max(self.clock.now());
            let task = self.ledger.next_task(until).await?;
            let hook = self.ledger.next_hook(until).await?;
            match (task, hook) {
                (Some(task), hook) if hook.is_none_or(|due| task.due_at <= due) => {
                    self.clock.reach(task.due_at);
                    self.run_task(&task).await?;
                }
                (_, Some(due)) => {
                    self.clock.reach(due);
                    self.deliver(self.ledger.hooks_due(due).await?).await?;
                }
                _ => break,
            }
        }
        self.clock.reach(target);
        Ok(())
    }

    /// Moves the clock forward and runs everything due on the way.
    async fn advance(&self, milliseconds: i64) -> anyhow::Result<()> {
        self.run_until(self.clock.now() + milliseconds.max(0))
            .await?;
        self.ledger.set("clock", self.clock.ahead()).await
    }

    async fn run_task(&self, task: &Task) -> anyhow::Result<()> {
        let mut changes = vec![Change::Done(task.id)];
        if let Some(provider) = provider(&task.provider) {
            let prepared = provider.prepare(self, task).await.unwrap_or_else(|error| {
                tracing::warn!(kind = task.kind, ?error, "a simulated task could not ask");
                Value::Null
            });
            let _turn = self.turn().await;
            match provider.run(self, task, prepared).await {
                Ok(more) => changes.extend(more),
                Err(error) => tracing::error!(kind = task.kind, ?error, "a task failed"),
            }
            return self.ledger.commit(changes).await;
        }
        self.ledger.commit(changes).await
    }

    /// Sends due hooks: those about one payment in their order, different payments side by side.
    async fn deliver(&self, hooks: Vec<Hook>) -> anyhow::Result<()> {
        let mut groups: BTreeMap<(String, String), Vec<Hook>> = BTreeMap::new();
        for hook in hooks {
            groups
                .entry((hook.provider.clone(), hook.subject.clone()))
                .or_default()
                .push(hook);
        }
        let sent = groups.into_values().map(|group| async move {
            for hook in group {
                hooks::send(self, hook).await?;
            }
            anyhow::Ok(())
        });
        futures::future::try_join_all(sent).await?;
        Ok(())
    }
}

/// A fault's name as it is written in JSON.
fn named(fault: FaultKind) -> String {
    serde_json::to_value(fault)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Random text over an alphabet.
fn random_text(alphabet: &[u8], length: usize) -> String {
    (0..length)
        .map(|_| char::from(alphabet[rand::random_range(0..alphabet.len())]))
        .collect()
}

/// A body field as text, whether it came as text or as a whole number.
fn text_of(body: &Value, field: &str) -> Option<String> {
    match body.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
