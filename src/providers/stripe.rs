//! Stripe: hosted Checkout Sessions, refunds and signed hooks, by the form-encoded v1 API. Its wire
//! alone; what a report means for our books is `services`' business.
//! Facts: Stripe API reference (Checkout Sessions, Payment Intents, Refunds, Errors, Idempotent
//! requests), docs.stripe.com/currencies, /webhooks and /testing.
use super::http::{Answer, segment, send, text};
use super::{
    Account, Call, Field, Flow, Found, HookError, HookKind, HookProof, HookReading, InputProblem,
    MethodInfo, PaymentProvider, PaymentRef, PollSchedule, ProviderError, ProviderInfo, RawHook,
    RefundFound, RefundReport, RefundSupport, Registered, Report, StartPayment, StartRefund,
    Started, TestInstrument, TestOutcome, check_basics,
};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::method::Method;
use crate::domain::payment::FailureCode;
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use wire::unknown;

mod codes;
mod hooks;
#[cfg(test)]
mod tests;
mod units;
mod wire;

pub struct Stripe;

const BASE: &str = "https://api.stripe.com";
/// Without it the account's default version applies, which differs from merchant to merchant.
const VERSION: &str = "2025-09-30.clover";
/// The most that a page of a list holds, and how many pages are read.
const PAGE: usize = 100;
const MAX_PAGES: usize = 50;
/// A session ends 30 minutes to 24 hours after it was made, by Stripe's clock. A minute is for the
/// way there and for clocks.
const MIN_SESSION_SECS: i64 = 30 * 60 + 60;
const MAX_SESSION_SECS: i64 = 24 * 3_600 - 60;
/// How far before and after our intent a session may have been made, clocks included.
const EARLIER_SECS: i64 = 300;
const LATER_SECS: i64 = 900;

const fn hosted(method: Method) -> MethodInfo {
    MethodInfo {
        method,
        flow: Flow::Redirect,
        needs_phone: false,
        needs_email: false,
        currencies: &[],
        countries: &[],
    }
}

const fn card(number: &'static str, outcome: TestOutcome) -> TestInstrument {
    TestInstrument {
        number,
        detail: "Any CVC, any expiry in the future",
        outcome,
        simulator_only: false,
    }
}

static INFO: ProviderInfo = ProviderInfo {
    name: "stripe",
    label: "Stripe",
    monogram: "St",
    test_url: BASE,
    live_url: BASE,
    // A merchant with a domain of his own for Checkout has its pages there.
    page_origins: &["https://checkout.stripe.com"],
    // Both lead to the same page, on which Stripe shows what the merchant's dashboard and the
    // customer's device allow.
    methods: &[hosted(Method::Card), hosted(Method::Wallet)],
    currencies: units::RULES,
    credentials: &[
        Field::secret(
            "secret_key",
            "Secret key",
            "Stripe dashboard, Developers, API keys. A restricted key (rk_) works too, with write \
             access to Checkout Sessions and Refunds (and Webhook Endpoints, to register hooks) \
             and read access to PaymentIntents.",
        )
        .prefixes("sk_test_", "sk_live_"),
        Field::secret(
            "webhook_secret",
            "Webhook signing secret",
            "Stripe dashboard, Developers, Webhooks, your endpoint, Signing secret. Registering \
             the hook address fills it in.",
        )
        .prefixes("whsec_", "whsec_")
        .proves_hooks(),
        Field::secret(
            "previous_webhook_secret",
            "Previous webhook signing secret",
            "While a secret is being rolled: hooks signed with the old one still count.",
        )
        .prefixes("whsec_", "whsec_")
        .optional(),
    ],
    options: &[],
    hook: HookKind::Signed,
    secret_headers: &[],
    // docs.stripe.com/ips, "Webhook notifications"; UNVERIFIED how fresh the copies are.
    sources: &[
        "3.18.12.63",
        "3.130.192.231",
        "13.235.14.237",
        "13.235.122.149",
        "18.211.135.69",
        "35.154.171.200",
        "52.15.183.38",
        "54.88.130.119",
        "54.88.130.237",
        "54.187.174.169",
        "54.187.205.235",
        "54.187.216.72",
    ],
    registers_hooks: true,
    refunds: RefundSupport::Partial,
    // A refund can fail days later, when the card's bank sends the money back. Source: Refunds,
    // "Failed refunds"; Stripe names up to 30 days.
    refund_may_fail_days: 30,
    poll: PollSchedule::REDIRECT,
    attempt_secs: 3_600,
    test_only: false,
    test_instruments: &[
        card("4242 4242 4242 4242", TestOutcome::Paid),
        card("5555 5555 5555 4444", TestOutcome::Paid),
        card("4000 0000 0000 3220", TestOutcome::PaidAfterCheck),
        card("4000 0000 0000 0002", TestOutcome::Declined),
        card("4000 0000 0000 9995", TestOutcome::InsufficientFunds),
        card("4000 0084 0000 1629", TestOutcome::Declined),
        TestInstrument {
            number: "4000 0000 0000 7726",
            detail: "Its refund is pending first",
            outcome: TestOutcome::Paid,
            simulator_only: false,
        },
        TestInstrument {
            number: "4000 0000 0000 5126",
            detail: "Its refund fails after it succeeded",
            outcome: TestOutcome::Paid,
            simulator_only: false,
        },
    ],
};

/// The secret key, refused before any call where it shows that it belongs to the other mode (R11).
fn key(account: &Account) -> Result<&SecretString, ProviderError> {
    let key = account.credential("secret_key")?;
    let others = match account.mode {
        Mode::Test => ["sk_live_", "rk_live_"],
        Mode::Live => ["sk_test_", "rk_test_"],
    };
    if others.iter().any(|p| key.expose_secret().starts_with(p)) {
        let mode = account.mode.as_str();
        let message = format!("secret_key is not a key of the {mode} mode");
        return Err(ProviderError::Misconfigured(message));
    }
    Ok(key)
}

type Form = [(String, String)];

fn field(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

async fn get(call: &Call<'_>, path: &str) -> Result<Answer, ProviderError> {
    let request = call.http.get(&call.url(path));
    let request = request.bearer_auth(key(call.account)?.expose_secret());
    send(request.header("Stripe-Version", VERSION)).await
}

/// POST of a form. Where `once` is given, Stripe does it once for all calls with that key.
async fn post(
    call: &Call<'_>,
    path: &str,
    once: Option<&str>,
    form: &Form,
) -> Result<Answer, ProviderError> {
    let request = call.http.post(&call.url(path));
    let mut request = request.bearer_auth(key(call.account)?.expose_secret());
    if let Some(once) = once {
        request = request.header("Idempotency-Key", once);
    }
    send(request.header("Stripe-Version", VERSION).form(form)).await
}

/// An address that Stripe will not refuse. It only fills a field of the page in.
fn email(req: &StartPayment) -> Option<&str> {
    let given = req.email.as_deref()?.trim();
    let (name, host) = given.split_once('@')?;
    let plain = given.bytes().all(|b| b.is_ascii_graphic());
    (plain && !name.is_empty() && host.contains('.') && !host.contains('@')).then_some(given)
}

/// What the customer reads that the money is for; never empty.
fn product(req: &StartPayment) -> String {
    let names = [&req.description, &req.order_reference, &req.merchant_name];
    let first = names.iter().map(|n| n.trim()).find(|n| !n.is_empty());
    first.unwrap_or("Payment").chars().take(250).collect()
}

/// Languages of ours that the page has too; for the others the browser's is taken.
fn locale(req: &StartPayment) -> Option<&'static str> {
    match req.language.as_str() {
        "en" => Some("en"),
        "fr" => Some("fr"),
        _ => None,
    }
}

/// `payment_method_types` is not sent: the dashboard decides, and newer versions refuse it.
fn session_form(req: &StartPayment, amount: i64, now: Timestamp) -> Vec<(String, String)> {
    let wanted = req.expires_at.secs_since(now);
    let lasts = wanted.clamp(MIN_SESSION_SECS, MAX_SESSION_SECS);
    let ends = now.unix_ms().div_euclid(1_000) + lasts;
    let mut form = vec![
        field("mode", "payment"),
        field("client_reference_id", &req.reference),
        field("line_items[0][quantity]", "1"),
        field(
            "line_items[0][price_data][currency]",
            req.amount.currency.code().to_lowercase(),
        ),
        field("line_items[0][price_data][unit_amount]", amount.to_string()),
        field(
            "line_items[0][price_data][product_data][name]",
            product(req),
        ),
        field("success_url", &req.return_url),
        field("cancel_url", &req.cancel_url),
        field("expires_at", ends.to_string()),
    ];
    // The session's metadata stay on it; events about the intent know only its own.
    for place in ["metadata", "payment_intent_data[metadata]"] {
        form.push(field(&format!("{place}[reference]"), &req.reference));
        if !req.order_reference.is_empty() {
            form.push(field(&format!("{place}[order]"), &req.order_reference));
        }
    }
    form.extend(email(req).map(|email| field("customer_email", email)));
    form.extend(locale(req).map(|locale| field("locale", locale)));
    form
}

/// The session with this id, its intent whole. `None` where Stripe does not know it.
async fn session_of(call: &Call<'_>, id: &str) -> Result<Option<Value>, ProviderError> {
    let id = segment(id);
    let path = format!("/v1/checkout/sessions/{id}?expand[]=payment_intent");
    let answer = get(call, &path).await?;
    if wire::says_missing(&answer) {
        return Ok(None);
    }
    let session = wire::object(&answer)?;
    whole(call, session).await.map(Some)
}

/// A session that is complete and not paid is told apart by its intent alone.
async fn whole(call: &Call<'_>, mut session: Value) -> Result<Value, ProviderError> {
    if session["status"] == "complete"
        && session["payment_status"] == "unpaid"
        && let Some(id) = text(&session, "/payment_intent")
    {
        session["payment_intent"] = intent_of(call, &id).await?;
    }
    Ok(session)
}

async fn intent_of(call: &Call<'_>, id: &str) -> Result<Value, ProviderError> {
    let path = format!("/v1/payment_intents/{}", segment(id));
    wire::object(&get(call, &path).await?)
}

/// The session of a start whose answer was lost: nothing names it but our reference on it, and
/// asking must never make another one.
async fn search(call: &Call<'_>, of: &PaymentRef) -> Result<Option<Value>, ProviderError> {
    let made = of.created_at.unix_ms().div_euclid(1_000);
    let (from, to) = (made - EARLIER_SECS, made + LATER_SECS);
    let mut after = String::new();
    for _ in 0..MAX_PAGES {
        let path = format!(
            "/v1/checkout/sessions?limit={PAGE}&created[gte]={from}&created[lte]={to}{after}"
        );
        let (rows, more) = wire::list(&get(call, &path).await?)?;
        let ours = |row: &&Value| text(row, "/client_reference_id") == Some(of.reference.clone());
        if let Some(id) = rows.iter().find(ours).and_then(|row| text(row, "/id")) {
            return session_of(call, &id).await;
        }
        match rows.last().and_then(|row| text(row, "/id")) {
            Some(last) if more => after = format!("&starting_after={}", segment(&last)),
            _ => return Ok(None),
        }
    }
    Err(unknown("too many sessions were made at that time"))
}

/// The session of a payment, by its id or by our reference.
async fn found(call: &Call<'_>, of: &PaymentRef) -> Result<Option<Value>, ProviderError> {
    match &of.provider_ref {
        Some(id) => session_of(call, id).await,
        None => search(call, of).await,
    }
}

/// What a refund names its payment by: the field and the id.
async fn money_of(
    call: &Call<'_>,
    of: &PaymentRef,
) -> Result<(&'static str, String), ProviderError> {
    let known = [of.receipt.as_ref(), of.provider_ref.as_ref()];
    for id in known.into_iter().flatten() {
        if id.starts_with("pi_") {
            return Ok(("payment_intent", id.clone()));
        }
        if id.starts_with("ch_") || id.starts_with("py_") {
            return Ok(("charge", id.clone()));
        }
    }
    let session = found(call, of).await?;
    session
        .and_then(|session| wire::id_of(&session, "/payment_intent"))
        .map(|id| ("payment_intent", id))
        .ok_or_else(|| unknown("the payment intent of the payment is not known"))
}

/// The refund whose metadata carry our id.
async fn listed(call: &Call<'_>, of: &StartRefund) -> Result<RefundReport, ProviderError> {
    let (name, id) = money_of(call, &of.payment).await?;
    let id = segment(&id);
    let mut after = String::new();
    for _ in 0..MAX_PAGES {
        let path = format!("/v1/refunds?{name}={id}&limit={PAGE}{after}");
        let (rows, more) = wire::list(&get(call, &path).await?)?;
        let ours = |row: &&Value| text(row, "/metadata/refund") == Some(of.reference.clone());
        if let Some(row) = rows.iter().find(ours) {
            return wire::refund(row, of.amount);
        }
        match rows.last().and_then(|row| text(row, "/id")) {
            Some(last) if more => after = format!("&starting_after={}", segment(&last)),
            _ => return Ok(no_refund("Stripe has no refund with our id")),
        }
    }
    Err(unknown("the list of refunds is too long"))
}

fn no_refund(said: &str) -> RefundReport {
    RefundReport {
        found: RefundFound::Missing,
        provider_ref: None,
        said: said.to_owned(),
    }
}

#[async_trait]
impl PaymentProvider for Stripe {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, _: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)?;
        if units::to_wire(req.amount).is_none() {
            let message = "Stripe's unit cannot carry this amount";
            return Err(InputProblem::new(
                "amount",
                "amount_not_representable",
                message,
            ));
        }
        Ok(())
    }

    /// Our reference is the idempotency key: Stripe makes one session for it, whatever is repeated.
    /// Source: API reference, Create a Checkout Session.
    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        let Some(amount) = units::to_wire(req.amount) else {
            let message = "the amount cannot be sent";
            return Err(ProviderError::declined(FailureCode::AmountLimit, message));
        };
        let form = session_form(req, amount, call.now);
        let answer = post(call, "/v1/checkout/sessions", Some(&req.reference), &form).await?;
        let session = wire::object(&answer)?;
        let other = text(&session, "/client_reference_id").is_some_and(|r| r != req.reference);
        // Never its host: the merchant may have a domain of his own for the page.
        let page = text(&session, "/url").filter(|url| url.starts_with("http") && !other);
        match (text(&session, "/id"), page) {
            (Some(id), Some(page)) => Ok(Started::redirect(
                id,
                page,
                "Stripe made a page for the payment.".to_owned(),
            )),
            _ => Err(unknown(wire::words(&answer))),
        }
    }

    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        if let Some(id) = of.provider_ref.as_ref().filter(|id| id.starts_with("pi_")) {
            return wire::intent(&intent_of(call, id).await?);
        }
        match found(call, of).await? {
            Some(session) => wire::session(&session),
            None => Ok(Report::new(
                Found::Missing,
                "Stripe has no such Checkout Session",
            )),
        }
    }

    /// Our refund's id is the idempotency key, and stands in the metadata, by which the list finds
    /// it after a lost answer. Source: API reference, Create a refund.
    async fn refund(
        &self,
        call: &Call<'_>,
        req: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        let Some(amount) = units::to_wire(req.amount) else {
            let message = "the amount cannot be sent";
            return Err(ProviderError::declined(FailureCode::NotRefundable, message));
        };
        // Nothing was sent yet: a question without an answer leaves no refund in doubt.
        let (name, id) = money_of(call, &req.payment).await.map_err(|e| match e {
            ProviderError::Unknown(said) => ProviderError::Unavailable(said),
            other => other,
        })?;
        let reason: String = req.reason.chars().take(500).collect();
        let mut form = vec![
            field(name, id),
            field("amount", amount.to_string()),
            field("metadata[refund]", &req.reference),
            field("metadata[payment]", &req.payment.reference),
        ];
        if !reason.trim().is_empty() {
            // Stripe's own `reason` is one of three words; ours is free text.
            form.push(field("metadata[reason]", reason.trim()));
        }
        let answer = post(call, "/v1/refunds", Some(&req.reference), &form).await?;
        wire::refund(&wire::object(&answer)?, req.amount)
    }

    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        let Some(id) = &of.provider_ref else {
            return listed(call, of).await;
        };
        let answer = get(call, &format!("/v1/refunds/{}", segment(id))).await?;
        if wire::says_missing(&answer) {
            // A key of another account or mode is answered the same.
            return Err(unknown("Stripe does not show the refund that it took"));
        }
        wire::refund(&wire::object(&answer)?, of.amount)
    }

    /// Expires the session. One that is not open any more is refused with 400; what it came to is
    /// found by asking. Source: API reference, Expire a Checkout Session.
    async fn close(&self, call: &Call<'_>, of: &PaymentRef) -> Result<(), ProviderError> {
        let id = match of.provider_ref.clone() {
            Some(id) => id,
            None => match search(call, of).await?.and_then(|s| text(&s, "/id")) {
                Some(id) => id,
                None => return Ok(()),
            },
        };
        // Without an idempotency key: a failure would be repeated for a day, and twice is harmless.
        let path = format!("/v1/checkout/sessions/{}/expire", segment(&id));
        let answer = post(call, &path, None, &[]).await?;
        if wire::says_missing(&answer) {
            return Ok(());
        }
        if answer.is_success() {
            return wire::object(&answer).map(|_| ());
        }
        let refused = wire::refusal(&answer);
        if answer.status != 400 {
            return Err(refused);
        }
        match session_of(call, &id).await? {
            Some(session) if session["status"] == "open" => Err(refused),
            _ => Ok(()),
        }
    }

    fn verify(
        &self,
        account: &Account,
        raw: &RawHook,
        now: Timestamp,
    ) -> Result<HookProof, HookError> {
        hooks::verify(account, raw, now)
    }

    fn read(&self, _: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
        hooks::read(raw)
    }

    async fn register_hooks(
        &self,
        call: &Call<'_>,
        hook_url: &str,
    ) -> Result<Registered, ProviderError> {
        hooks::register(call, hook_url).await
    }

    /// Reads one session: what the key must be allowed to do in any case.
    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        let answer = get(call, "/v1/checkout/sessions?limit=1").await?;
        wire::list(&answer)?;
        let mode = match key(call.account)?.expose_secret() {
            k if k.starts_with("sk_test_") => "a test key",
            k if k.starts_with("sk_live_") => "a live key",
            k if k.starts_with("rk_test_") => "a restricted test key",
            k if k.starts_with("rk_live_") => "a restricted live key",
            _ => "a key of no known mode",
        };
        Ok(format!("Stripe took {mode} and answered."))
    }
}
