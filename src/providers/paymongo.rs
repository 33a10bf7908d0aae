//! PayMongo: cards by Checkout Session; wallets by payment intent, or by source at older accounts. Its wire alone; what a report means for our books is `services`' business.
//! Facts: PayMongo API reference and guides (Checkout API, Payment Intents, Sources, Refunds,
//! Webhooks). Where they leave something open, the line says so.
use super::{
    Account, Call, CurrencyRule, Field, Flow, HookError, HookKind, HookProof, HookReading,
    InputProblem, LEGACY_HOOKS, MethodInfo, PaymentProvider, PaymentRef, PollSchedule,
    ProviderError, ProviderInfo, RawHook, RefundReport, RefundSupport, Registered, Report,
    StartPayment, StartRefund, Started, TestInstrument, TestOutcome, check_basics,
};
use crate::domain::method::Method;
use crate::domain::{Money, Timestamp};
use async_trait::async_trait;

mod ask;
mod begin;
mod hooks;
mod read;
mod refunds;
mod webhooks;
mod wire;

#[cfg(test)]
mod tests;

pub struct Paymongo;

const BASE: &str = "https://api.paymongo.com";
/// Sources took no less in the older documentation; what they take today is not published.
const SOURCE_MIN_MINOR: i64 = 10_000;
const ANY: &str = "Any expiry in the future, any 3-digit CVC";

const WALLET_FLOW: Field = Field::plain(
    "wallet_flow",
    "GCash and GrabPay by",
    "\"sources\" only for older accounts that PayMongo has not moved to payment intents.",
)
.choices(&["intents", "sources"])
.optional();

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
    typed(number, ANY, outcome)
}

const fn typed(number: &'static str, detail: &'static str, outcome: TestOutcome) -> TestInstrument {
    TestInstrument {
        number,
        detail,
        outcome,
        simulator_only: false,
    }
}

static INFO: ProviderInfo = ProviderInfo {
    name: "paymongo",
    label: "PayMongo",
    monogram: "Pm",
    test_url: BASE,
    live_url: BASE,
    page_origins: &[
        "https://checkout.paymongo.com",
        "https://secure-authentication.paymongo.com",
        "https://test-sources.paymongo.com",
    ],
    methods: &[
        hosted(Method::Card),
        hosted(Method::Gcash),
        hosted(Method::Maya),
        hosted(Method::GrabPay),
    ],
    // PHP 20.00 for intents and sessions. The maxima depend on the account and are refused there.
    currencies: &[CurrencyRule::new("PHP", 2_000)],
    credentials: &[
        Field::secret(
            "secret_key",
            "Secret key",
            "PayMongo dashboard, Developers, API Keys.",
        )
        .prefixes("sk_test_", "sk_live_"),
        Field::plain(
            "public_key",
            "Public key",
            "On the same page. Not needed for hosted pages.",
        )
        .prefixes("pk_test_", "pk_live_")
        .optional(),
        Field::secret(
            "webhook_secret",
            "Webhook secret",
            "PayMongo gives it when our address is registered as a webhook; each mode has its own.",
        )
        .proves_hooks(),
    ],
    options: &[WALLET_FLOW, LEGACY_HOOKS],
    hook: HookKind::Signed,
    secret_headers: &[],
    sources: &[],
    registers_hooks: true,
    refunds: RefundSupport::Partial,
    refund_may_fail_days: 0,
    poll: PollSchedule::REDIRECT,
    attempt_secs: 3_600,
    test_only: false,
    test_instruments: &[
        card("4343 4343 4343 4345", TestOutcome::Paid),
        card("5555 4444 4444 4457", TestOutcome::Paid),
        typed(
            "4120 0000 0000 0007",
            "Any expiry in the future, any 3-digit CVC; then press Authorize",
            TestOutcome::PaidAfterCheck,
        ),
        card("5100 0000 0000 0198", TestOutcome::InsufficientFunds),
        typed(
            "4200 0000 0000 0018",
            "Any expiry and CVC; the bank says that the card has expired",
            TestOutcome::Declined,
        ),
        card("4111 1111 1111 1111", TestOutcome::Declined),
        card("4230 0000 0000 0004", TestOutcome::Declined),
        typed(
            "GCash, Maya, GrabPay",
            "Press Authorize on the page that opens",
            TestOutcome::Paid,
        ),
        typed(
            "GCash, Maya, GrabPay",
            "Press Fail on the page that opens",
            TestOutcome::Declined,
        ),
    ],
};

/// PayMongo's unit is the centavo, our minor unit of PHP.
fn to_centavos(amount: Money) -> Option<i64> {
    (amount.currency.code() == "PHP").then_some(amount.minor)
}

/// The wire's name of a way to pay.
fn wire_name(method: Method) -> &'static str {
    match method {
        Method::Gcash => "gcash",
        Method::Maya => "paymaya",
        Method::GrabPay => "grab_pay",
        _ => "card",
    }
}

/// Whether this payment goes by a source. Maya has none.
fn by_source(account: &Account, method: Method) -> bool {
    matches!(method, Method::Gcash | Method::GrabPay)
        && account.option("wallet_flow") == Some("sources")
}

#[async_trait]
impl PaymentProvider for Paymongo {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, account: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)?;
        if by_source(account, req.method) && req.amount.minor < SOURCE_MIN_MINOR {
            let least = Money::new(SOURCE_MIN_MINOR, req.amount.currency);
            let message = format!("PayMongo takes at least {least} this way");
            return Err(InputProblem::new("amount", "amount_too_small", message));
        }
        Ok(())
    }

    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        if req.method == Method::Card {
            begin::session(call, req).await
        } else if by_source(call.account, req.method) {
            begin::source(call, req).await
        } else {
            begin::wallet(call, req).await
        }
    }

    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        ask::payment(call, of).await
    }

    async fn refund(
        &self,
        call: &Call<'_>,
        req: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        refunds::send(call, req).await
    }

    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        refunds::ask(call, of).await
    }

    async fn close(&self, call: &Call<'_>, of: &PaymentRef) -> Result<(), ProviderError> {
        ask::close(call, of).await
    }

    fn verify(
        &self,
        account: &Account,
        raw: &RawHook,
        now: Timestamp,
    ) -> Result<HookProof, HookError> {
        hooks::verify(account, raw, now)
    }

    fn read(&self, account: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
        hooks::read(account, raw)
    }

    async fn register_hooks(
        &self,
        call: &Call<'_>,
        hook_url: &str,
    ) -> Result<Registered, ProviderError> {
        webhooks::register(call, hook_url).await
    }

    /// PayMongo wants JSON beside the 2xx (guide "Webhook retry logic").
    fn hook_reply(&self) -> &'static str {
        "{}"
    }

    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        let key = wire::key(call.account)?;
        let mode = wire::mode_of(key);
        let answer = wire::get(call, "/v1/payments?limit=1").await?;
        wire::rows(&answer)?;
        Ok(format!("PayMongo took {mode} and listed payments"))
    }
}
