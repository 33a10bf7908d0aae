//! Flutterwave v3 Standard: hosted page by `POST /payments`, verify, refunds, hooks that are hints.
//! Its wire alone; what a report means for our books is `services`' business.
//! Facts: Flutterwave v3 docs (Standard, Transaction verification, Refunds, Webhooks, Testing) and
//! the official Node SDK. A fact that no source settles is marked UNVERIFIED where it is used.
use super::{
    Account, Call, CurrencyRule, Field, Flow, Found, HookError, HookKind, HookProof, HookReading,
    InputProblem, MethodInfo, PaymentProvider, PaymentRef, PollSchedule, ProviderError,
    ProviderInfo, RawHook, RefundReport, RefundSupport, Report, StartPayment, StartRefund, Started,
    TestInstrument, TestOutcome, check_basics,
};
use crate::domain::account::Mode;
use crate::domain::method::Method;
use crate::domain::payment::{FailureCode, PaymentStatus};
use crate::domain::{Currency, Timestamp};
use crate::providers::http::{segment, text};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use wire::{data, unknown};

mod hooks;
mod refunds;
#[cfg(test)]
mod tests;
mod wire;

pub struct Flutterwave;

/// For test and live: the key alone makes the difference.
const BASE: &str = "https://api.flutterwave.com";
/// A session lasts at most a day (v3 docs, Standard, `session_duration`).
const SESSION_MINUTES: i64 = 1_440;

const fn hosted(method: Method, currencies: &'static [&'static str]) -> MethodInfo {
    MethodInfo {
        method,
        flow: Flow::Redirect,
        needs_phone: false,
        needs_email: true,
        currencies,
        countries: &[],
    }
}

const fn known(number: &'static str, detail: &'static str, outcome: TestOutcome) -> TestInstrument {
    TestInstrument {
        number,
        detail,
        outcome,
        simulator_only: false,
    }
}

static INFO: ProviderInfo = ProviderInfo {
    name: "flutterwave",
    label: "Flutterwave",
    monogram: "Fw",
    test_url: BASE,
    live_url: BASE,
    // Pages of test keys have been on the second host.
    page_origins: &[
        "https://checkout.flutterwave.com",
        "https://checkout-v2.dev-flutterwave.com",
    ],
    methods: &[
        hosted(Method::Card, &[]),
        hosted(
            Method::MobileMoney,
            &[
                "GHS", "KES", "MWK", "RWF", "TZS", "UGX", "XAF", "XOF", "ZMW",
            ],
        ),
        hosted(Method::BankTransfer, &["EUR", "GBP", "NGN", "USD", "ZAR"]),
    ],
    // Flutterwave publishes no limits; what an account may take is its own matter.
    currencies: &[
        CurrencyRule::new("EGP", 1),
        CurrencyRule::new("EUR", 1),
        CurrencyRule::new("GBP", 1),
        CurrencyRule::new("GHS", 1),
        CurrencyRule::new("KES", 1),
        CurrencyRule::new("MWK", 1),
        CurrencyRule::new("NGN", 1),
        CurrencyRule::new("RWF", 1),
        CurrencyRule::new("TZS", 1),
        CurrencyRule::new("UGX", 1),
        CurrencyRule::new("USD", 1),
        CurrencyRule::new("XAF", 1),
        CurrencyRule::new("XOF", 1),
        CurrencyRule::new("ZAR", 1),
        CurrencyRule::new("ZMW", 1),
    ],
    credentials: &[
        Field::secret(
            "secret_key",
            "Secret key",
            "Flutterwave dashboard, Settings, API keys. The key of v3, not the client secret of v4.",
        )
        .prefixes("FLWSECK_TEST-", "FLWSECK-"),
        Field::secret(
            "secret_hash",
            "Secret hash",
            "Flutterwave dashboard, Settings, Webhooks. You choose it: take something long and \
             random.",
        )
        .proves_hooks(),
        Field::plain(
            "public_key",
            "Public key",
            "On the same page as the secret key. Not needed for hosted pages.",
        )
        .prefixes("FLWPUBK_TEST-", "FLWPUBK-")
        .optional(),
        Field::secret(
            "previous_secret_hash",
            "Previous secret hash",
            "After the secret hash was changed: hooks with the old one still count. \
             Remove it after two hours.",
        )
        .optional(),
    ],
    options: &[],
    hook: HookKind::Hint,
    secret_headers: &["verif-hash"],
    // Dynamic: Flutterwave advises against lists of addresses.
    sources: &[],
    registers_hooks: false,
    refunds: RefundSupport::Partial,
    refund_may_fail_days: 0,
    poll: PollSchedule::REDIRECT,
    attempt_secs: 3_600,
    test_only: false,
    test_instruments: &[
        known(
            "5531 8866 5214 2950",
            "09/32, CVV 564, PIN 3310, OTP 12345",
            TestOutcome::Paid,
        ),
        known(
            "5438 8980 1456 0229",
            "10/31, CVV 564",
            TestOutcome::PaidAfterCheck,
        ),
        known(
            "5258 5859 2266 6506",
            "09/31, CVV 883",
            TestOutcome::InsufficientFunds,
        ),
        known(
            "5143 0105 2233 9965",
            "08/32, CVV 276",
            TestOutcome::Declined,
        ),
        known(
            "0690000031",
            "Access Bank (044), OTP 12345",
            TestOutcome::Paid,
        ),
        known(
            "254712345678",
            "any mobile money number, OTP 123456",
            TestOutcome::Paid,
        ),
        known(
            "233121212121",
            "mobile money, with your country's code",
            TestOutcome::Declined,
        ),
    ],
};

/// What the page offers. It hides what does not fit the currency, so only fitting ones are named.
/// Source: v3 docs, Payment methods.
fn payment_options(method: Method, currency: Currency) -> &'static str {
    match (method, currency.code()) {
        (Method::MobileMoney, "GHS") => "mobilemoneyghana",
        (Method::MobileMoney, "KES") => "mpesa",
        (Method::MobileMoney, "MWK") => "mobilemoneymalawi",
        (Method::MobileMoney, "RWF") => "mobilemoneyrwanda",
        (Method::MobileMoney, "TZS") => "mobilemoneytanzania",
        (Method::MobileMoney, "UGX") => "mobilemoneyuganda",
        (Method::MobileMoney, "ZMW") => "mobilemoneyzambia",
        (Method::MobileMoney, _) => "mobilemoneyfranco",
        (Method::BankTransfer, "NGN") => "banktransfer, account",
        (Method::BankTransfer, _) => "account",
        _ => "card",
    }
}

/// The secret key, refused before any call where it shows that it belongs to the other mode (R11).
fn key(account: &Account) -> Result<&SecretString, ProviderError> {
    let key = account.credential("secret_key")?;
    let other = match account.mode {
        Mode::Test => "FLWSECK-",
        Mode::Live => "FLWSECK_TEST-",
    };
    if key.expose_secret().trim_start().starts_with(other) {
        let mode = account.mode.as_str();
        let message = format!("secret_key is not a key of the {mode} mode");
        return Err(ProviderError::Misconfigured(message));
    }
    Ok(key)
}

fn email<'a>(account: &'a Account, req: &'a StartPayment) -> Option<&'a str> {
    let given = req.email.as_deref().or(account.fallback_email.as_deref())?;
    let (name, host) = given.trim().split_once('@')?;
    (!name.is_empty() && !host.is_empty()).then_some(given.trim())
}

/// The hosted page's address is what we keep of a payment: there is no id before somebody tries to
/// pay, and only the address can be switched off.
fn link(of: &PaymentRef) -> Option<&str> {
    of.provider_ref.as_deref().filter(|r| r.starts_with("http"))
}

/// The transaction of a numeric id, if there is one.
async fn by_id(call: &Call<'_>, id: &str) -> Result<Option<Value>, ProviderError> {
    let path = format!("/v3/transactions/{}/verify", segment(id));
    let answer = call.get(&path, key(call.account)?).await?;
    if wire::says_no_transaction(&answer) {
        return Ok(None);
    }
    data(&answer).map(Some)
}

/// A transaction under our reference. UNVERIFIED which one it is where several tries were made.
async fn by_reference(call: &Call<'_>, reference: &str) -> Result<Option<Value>, ProviderError> {
    let path = format!(
        "/v3/transactions/verify_by_reference?tx_ref={}",
        segment(reference)
    );
    let answer = call.get(&path, key(call.account)?).await?;
    if wire::says_no_transaction(&answer) {
        return Ok(None);
    }
    data(&answer).map(Some)
}

fn is_ours(transaction: &Value, of: &PaymentRef) -> bool {
    text(transaction, "/tx_ref").as_deref() == Some(of.reference.as_str())
}

fn succeeded(transaction: &Value) -> bool {
    wire::status(transaction).as_deref() == Some("successful")
}

/// The try that succeeded among several under our reference, by the list of transactions. A failed
/// list tells nothing, and the try that was found stands.
async fn paid_try(call: &Call<'_>, of: &PaymentRef) -> Option<Value> {
    let reference = segment(&of.reference);
    let path = format!("/v3/transactions?tx_ref={reference}&status=successful");
    let answer = call.get(&path, key(call.account).ok()?).await.ok()?;
    let rows = data(&answer).ok()?;
    let row = rows
        .as_array()?
        .iter()
        .find(|row| is_ours(row, of) && succeeded(row))?;
    let paid = by_id(call, &wire::id(row, "/id")?).await.ok()??;
    (is_ours(&paid, of) && succeeded(&paid)).then_some(paid)
}

/// The transaction that says most about a payment: the paid one, else the last that is known.
async fn transaction(call: &Call<'_>, of: &PaymentRef) -> Result<Option<Value>, ProviderError> {
    let claims = of.claims.as_ref();
    let ids = [
        of.receipt.as_deref(),
        claims.and_then(|c| c.receipt.as_deref()),
        claims.and_then(|c| c.provider_ref.as_deref()),
    ];
    let mut ids: Vec<&str> = ids
        .into_iter()
        .flatten()
        .filter_map(wire::number_of)
        .collect();
    ids.dedup();
    let mut tried = None;
    for id in ids {
        let found = match by_id(call, id).await {
            // A claimed id can be anything.
            Err(ProviderError::Declined(_)) => None,
            other => other?,
        };
        // An id that belongs to another reference proves nothing about this payment.
        if let Some(found) = found.filter(|found| is_ours(found, of)) {
            if succeeded(&found) {
                return Ok(Some(found));
            }
            tried = Some(found);
        }
    }
    let Some(found) = by_reference(call, &of.reference).await? else {
        return Ok(tried);
    };
    if succeeded(&found) {
        return Ok(Some(found));
    }
    Ok(Some(paid_try(call, of).await.unwrap_or(found)))
}

#[async_trait]
impl PaymentProvider for Flutterwave {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, account: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)?;
        if wire::to_major(req.amount).is_none() {
            let message = "the amount is too large";
            return Err(InputProblem::new("amount", "amount_too_large", message));
        }
        if email(account, req).is_none() {
            let message = "Flutterwave needs the customer's e-mail address";
            return Err(InputProblem::new(
                "customer.email",
                "email_required",
                message,
            ));
        }
        Ok(())
    }

    /// There is no idempotency in v3 and no call finds a page again: `tx_ref` is sent once.
    /// Source: v3 docs, Standard; Node SDK, `documentation/collections.md`.
    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        let refuse = |what: &str| ProviderError::declined(FailureCode::Declined, what);
        let Some(amount) = wire::to_major(req.amount) else {
            return Err(refuse("the amount cannot be sent"));
        };
        let Some(email) = email(call.account, req) else {
            return Err(refuse("there is no e-mail address"));
        };
        let left = req.expires_at.secs_since(call.now).max(60);
        let mut customer = json!({ "email": email });
        if let Some(name) = &req.name {
            customer["name"] = json!(name);
        }
        if let Some(phone) = &req.phone {
            // The guide writes the first, the reference and the answers the second. UNVERIFIED
            // which one the page reads; each alone is in wide use.
            customer["phonenumber"] = json!(phone);
            customer["phone_number"] = json!(phone);
        }
        let mut body = json!({
            "tx_ref": req.reference,
            "amount": amount,
            "currency": req.amount.currency.code(),
            // After a payment and after "cancel" alike.
            "redirect_url": req.return_url,
            "payment_options": payment_options(req.method, req.amount.currency),
            "customer": customer,
            "customizations": { "title": req.merchant_name, "description": req.description },
            // The guide's spelling; one reference page writes `configuration` (UNVERIFIED).
            "configurations": { "session_duration": (left / 60).min(SESSION_MINUTES) },
            "meta": {
                "payment_reference": req.reference,
                "order_reference": req.order_reference,
            },
        });
        if req.method == Method::BankTransfer {
            body["bank_transfer_options"] = json!({ "expires": left });
        }
        let answer = call.post("/v3/payments", key(call.account)?, &body).await?;
        let data = data(&answer)?;
        let page = text(&data, "/link").filter(|url| url.starts_with("http"));
        let Some(page) = page else {
            return Err(unknown(answer.words()));
        };
        let said = "Flutterwave made a page for the payment.".to_owned();
        Ok(Started::redirect(page.clone(), page, said))
    }

    /// Asks by the id of a hook or receipt and by our reference, which every transaction found
    /// must carry. Nothing is known before somebody tries to pay: without a page in the
    /// customer's hands (a lost answer) that means `Missing`.
    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        let Some(transaction) = transaction(call, of).await? else {
            let found = match link(of) {
                Some(_) => Found::Open(PaymentStatus::RequiresAction),
                None => Found::Missing,
            };
            return Ok(Report::new(found, "nobody has tried to pay yet"));
        };
        let mut report = wire::report(&transaction)?;
        if let Found::Succeeded(charge) = &report.found
            && charge.amount.currency == of.amount.currency
            && charge.amount.minor > of.amount.minor
        {
            let more = format!("; {} came, more than was asked", charge.amount);
            report.said.push_str(&more);
        }
        Ok(report)
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

    /// Source: v3 docs, Standard, "Disabling payment links". After a lost answer nobody has the
    /// page's address.
    async fn close(&self, call: &Call<'_>, of: &PaymentRef) -> Result<(), ProviderError> {
        let Some(link) = link(of) else {
            return Ok(());
        };
        let body = json!({ "link": link });
        let path = "/v3/payments/link/disable";
        let answer = call.post(path, key(call.account)?, &body).await?;
        if wire::says_inactive(&answer) {
            return Ok(());
        }
        data(&answer).map(|_| ())
    }

    fn verify(
        &self,
        account: &Account,
        raw: &RawHook,
        _: Timestamp,
    ) -> Result<HookProof, HookError> {
        hooks::verify(account, raw).map(|()| HookProof::Hint)
    }

    fn read(&self, _: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
        hooks::read(raw)
    }

    /// Asks after a payment that nobody made: a good key is answered that there is none.
    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        let key = key(call.account)?;
        by_reference(call, "malipo-self-test").await?;
        let mode = match key.expose_secret() {
            k if k.starts_with("FLWSECK_TEST-") => "a test key",
            k if k.starts_with("FLWSECK-") => "a live key",
            _ => "a key of no known mode",
        };
        Ok(format!("Flutterwave took {mode} and answered."))
    }
}
