//! Paystack: hosted page by initialize, verify, refunds, signed hooks. Its wire alone; what a
//! report means for our books is `services`' business.
//! Facts: Paystack API reference (Transactions, Refunds, Webhooks, Errors).
use super::http::{Answer, segment, text};
use super::{
    Account, Call, Charge, Claims, CurrencyRule, Field, Flow, Found, HookAbout, HookError,
    HookKind, HookProof, HookReading, InputProblem, MethodInfo, PaymentProvider, PaymentRef,
    PollSchedule, ProviderError, ProviderInfo, RawHook, RefundFound, RefundReport, RefundSupport,
    Report, StartPayment, StartRefund, Started, TestInstrument, TestOutcome, check_basics,
};
use crate::domain::account::Mode;
use crate::domain::method::Method;
use crate::domain::payment::{Failure, FailureCode, PaymentStatus};
use crate::domain::{Currency, Money, Timestamp};
use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha512;

#[cfg(test)]
mod tests;

pub struct Paystack;

const BASE: &str = "https://api.paystack.co";
/// How many refunds one page of the list holds, and how many pages are read.
const PAGE: usize = 50;
const MAX_PAGES: usize = 20;

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

const fn card(number: &'static str, detail: &'static str, outcome: TestOutcome) -> TestInstrument {
    TestInstrument {
        number,
        detail,
        outcome,
        simulator_only: false,
    }
}

static INFO: ProviderInfo = ProviderInfo {
    name: "paystack",
    label: "Paystack",
    monogram: "Ps",
    test_url: BASE,
    live_url: BASE,
    page_origins: &["https://checkout.paystack.com"],
    methods: &[
        hosted(Method::Card, &[]),
        hosted(Method::BankTransfer, &["NGN", "KES"]),
        hosted(Method::Ussd, &["NGN"]),
        hosted(Method::MobileMoney, &["GHS", "KES", "XOF"]),
    ],
    // Paystack's own minimum of each currency.
    currencies: &[
        CurrencyRule::new("GHS", 10),
        CurrencyRule::new("KES", 300),
        CurrencyRule::new("NGN", 5_000),
        CurrencyRule::new("USD", 200),
        CurrencyRule::new("XOF", 1),
        CurrencyRule::new("ZAR", 100),
    ],
    credentials: &[
        Field::secret(
            "secret_key",
            "Secret key",
            "Paystack dashboard, Settings, API Keys & Webhooks. It signs the hooks too.",
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
            "previous_secret_key",
            "Previous secret key",
            "After a new key was made: hooks signed with the old one still count. \
             Remove it after three days.",
        )
        .prefixes("sk_test_", "sk_live_")
        .optional(),
    ],
    options: &[],
    hook: HookKind::Signed,
    secret_headers: &[],
    sources: &[],
    registers_hooks: false,
    refunds: RefundSupport::Partial,
    refund_may_fail_days: 0,
    poll: PollSchedule::REDIRECT,
    attempt_secs: 3_600,
    test_only: false,
    test_instruments: &[
        card("4084 0840 8408 4081", "CVV 408", TestOutcome::Paid),
        card(
            "5060 6666 6666 6666 666",
            "CVV 123, PIN 1234, OTP 123456",
            TestOutcome::Paid,
        ),
        card("4084 0800 0000 5408", "CVV 001", TestOutcome::Declined),
        card(
            "4084 0800 0067 0037",
            "CVV 787",
            TestOutcome::InsufficientFunds,
        ),
    ],
};

/// How many subunits make one of our minor units: Paystack takes ×100 of the major unit for every
/// currency, also for XOF, which has no minor unit.
fn subunits_per_minor(currency: Currency) -> Option<i64> {
    match currency.exponent() {
        0 => Some(100),
        2 => Some(1),
        _ => None,
    }
}

fn to_subunits(amount: Money) -> Option<i64> {
    amount
        .minor
        .checked_mul(subunits_per_minor(amount.currency)?)
}

/// Our amount of so many subunits; `None` where our minor unit cannot carry it exactly.
fn from_subunits(subunits: i64, currency: Currency) -> Option<Money> {
    let per = subunits_per_minor(currency)?;
    (subunits % per == 0).then(|| Money::new(subunits / per, currency))
}

fn channel(method: Method) -> &'static str {
    match method {
        Method::BankTransfer => "bank_transfer",
        Method::Ussd => "ussd",
        Method::MobileMoney => "mobile_money",
        _ => "card",
    }
}

fn unknown(said: impl Into<String>) -> ProviderError {
    ProviderError::Unknown(said.into())
}

/// The secret key, refused before any call where it shows that it belongs to the other mode (R11).
fn key(account: &Account) -> Result<&SecretString, ProviderError> {
    let key = account.credential("secret_key")?;
    let other = match account.mode {
        Mode::Test => "sk_live_",
        Mode::Live => "sk_test_",
    };
    if key.expose_secret().starts_with(other) {
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

/// The `data` of an answer that says `status: true`, or what the refusal means.
fn data(answer: &Answer) -> Result<Value, ProviderError> {
    let body = answer.json().filter(Value::is_object);
    if let Some(mut body) = body
        && answer.is_success()
        && truth(&body["status"]) == Some(true)
    {
        return Ok(body["data"].take());
    }
    Err(refusal(answer))
}

/// Some samples write the top-level `status` as a string.
fn truth(status: &Value) -> Option<bool> {
    match status {
        Value::Bool(b) => Some(*b),
        Value::String(s) => s.parse().ok(),
        _ => None,
    }
}

/// What an answer other than `status: true` means. `code`, `type`, `meta` and `data` are often
/// absent, so the HTTP status and the message decide.
fn refusal(answer: &Answer) -> ProviderError {
    if answer.status == 429 {
        return ProviderError::Unavailable(answer.words());
    }
    if answer.status == 401 {
        return ProviderError::Misconfigured(format!("secret_key: {}", answer.words()));
    }
    let body = answer.json().unwrap_or_default();
    let refused = truth(&body["status"]) == Some(false);
    let settled = answer.is_success() || (400..500).contains(&answer.status);
    if !refused || !settled || answer.status == 408 {
        return unknown(answer.words());
    }
    let message = text(&body, "/message").unwrap_or_else(|| answer.words());
    let code = text(&body, "/code").unwrap_or_default();
    let words = message.to_lowercase();
    let says = |part: &str| words.contains(part);
    if code == "duplicate_reference" || says("duplicate") && says("reference") {
        // Our own first call arrived: only asking tells what became of it.
        unknown(message)
    } else if answer.status == 403
        || says("invalid key")
        || says("currency not supported")
        || says("no active channel")
        || says("ip address")
    {
        ProviderError::Misconfigured(message)
    } else {
        ProviderError::declined(FailureCode::Declined, message)
    }
}

/// Whether a refusal says that Paystack has no such record. Its HTTP status is 400 or 404.
fn says_not_found(answer: &Answer) -> bool {
    let Some(body) = answer.json() else {
        return false;
    };
    let message = text(&body, "/message").unwrap_or_default().to_lowercase();
    let code = text(&body, "/code").unwrap_or_default();
    matches!(answer.status, 200 | 400 | 404)
        && truth(&body["status"]) == Some(false)
        && (message.contains("not found") || code.ends_with("not_found"))
}

/// Reads an amount of subunits under a pointer: a number or a string, whole.
fn subunits(data: &Value, pointer: &str) -> Option<i64> {
    let written = text(data, pointer)?;
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let even = fraction.bytes().all(|b| b == b'0');
    even.then(|| whole.parse().ok()).flatten()
}

/// The money of a transaction that succeeded. The fee that a payer bears can hold a fraction of a
/// unit that the currency does not have (XOF); the fraction is left out where the amount asked
/// stands beside it to compare with.
fn charge(data: &Value) -> Option<Charge> {
    let currency = Currency::parse(&text(data, "/currency")?.to_uppercase())?;
    let per = subunits_per_minor(currency)?;
    let took = subunits(data, "/amount")?;
    let asked = subunits(data, "/requested_amount");
    let asked = match asked {
        Some(asked) => Some(from_subunits(asked, currency)?),
        None => None,
    };
    let amount = match from_subunits(took, currency) {
        Some(amount) => amount,
        None => asked.map(|_| Money::new(took.div_euclid(per), currency))?,
    };
    Some(Charge {
        amount,
        asked,
        payer_may_bear_fee: true,
        reference: text(data, "/reference"),
        test_mode: match data["domain"].as_str() {
            Some("test") => Some(true),
            Some("live") => Some(false),
            _ => None,
        },
    })
}

/// Reads a transaction, from verify or from a signed hook.
fn report(data: &Value) -> Result<Report, ProviderError> {
    let Some(status) = text(data, "/status") else {
        return Err(unknown("the transaction has no status"));
    };
    let found = match status.to_lowercase().replace([' ', '-'], "_").as_str() {
        // A reversal follows a payment: the money came, and refunds tell where it went.
        "success" | "reversed" | "reversal_pending" => {
            let charge = charge(data)
                .ok_or_else(|| unknown("the amount or currency of the charge cannot be read"))?;
            Found::Succeeded(charge)
        }
        // On the hosted page the customer may try again after a failed try.
        "abandoned" | "ongoing" | "failed" => Found::Open(PaymentStatus::RequiresAction),
        "pending" | "processing" | "queued" => Found::Open(PaymentStatus::Processing),
        _ => Found::Open(PaymentStatus::Pending),
    };
    let words = text(data, "/gateway_response").or_else(|| text(data, "/message"));
    let paid = matches!(found, Found::Succeeded(_));
    Ok(Report {
        found,
        provider_ref: text(data, "/reference"),
        receipt: text(data, "/id").filter(|_| paid),
        said: match words {
            Some(words) => format!("{status}: {words}"),
            None => status,
        },
    })
}

/// Reads a refund. One that Paystack gives back in another amount waits for a person.
fn refund_report(data: &Value, wanted: Money) -> Result<RefundReport, ProviderError> {
    let (Some(id), Some(status)) = (text(data, "/id"), text(data, "/status")) else {
        return Err(unknown("the refund has no id or status"));
    };
    let note = text(data, "/message").or_else(|| text(data, "/reason"));
    let mut said = note.map_or_else(|| status.clone(), |note| format!("{status}: {note}"));
    let found = match status.as_str() {
        "processed" => RefundFound::Succeeded,
        "failed" => RefundFound::Failed(Failure {
            code: FailureCode::Declined,
            message: said.clone(),
        }),
        "needs-attention" => {
            said.push_str(": Paystack needs the payer's bank details, on its dashboard");
            RefundFound::Pending
        }
        _ => RefundFound::Pending,
    };
    let given = subunits(data, "/amount");
    let found = if given.is_none() || given == to_subunits(wanted) {
        found
    } else {
        said.push_str(": the amount is not the one that was asked; a person must look");
        RefundFound::Pending
    };
    Ok(RefundReport {
        found,
        provider_ref: Some(id),
        said,
    })
}

/// Checks `x-paystack-signature`: HMAC-SHA512 over the raw body with the secret key, in hex. After
/// a key was renewed, retries signed with the old one come for three days.
fn verify(account: &Account, raw: &RawHook) -> Result<(), HookError> {
    let refuse = |why: &str| Err(HookError::NotVerified(why.to_owned()));
    let Some(given) = raw.headers.get("x-paystack-signature") else {
        return refuse("there is no x-paystack-signature");
    };
    let Ok(given) = hex::decode(given.trim()) else {
        return refuse("the signature is not hex");
    };
    let keys = ["secret_key", "previous_secret_key"]
        .iter()
        .filter_map(|field| account.credentials.get(*field))
        .map(ExposeSecret::expose_secret)
        .filter(|key| !key.is_empty());
    for key in keys {
        let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(key.as_bytes()) else {
            continue;
        };
        mac.update(&raw.body);
        // Constant time.
        if mac.verify_slice(&given).is_ok() {
            return Ok(());
        }
    }
    refuse("the signature does not fit")
}

/// The refund of a list whose note carries our id.
async fn listed(
    call: &Call<'_>,
    transaction: &str,
    of: &StartRefund,
) -> Result<RefundReport, ProviderError> {
    let key = key(call.account)?;
    for page in 1..=MAX_PAGES {
        let transaction = segment(transaction);
        let path = format!("/refund?transaction={transaction}&perPage={PAGE}&page={page}");
        let rows = data(&call.get(&path, key).await?)?;
        let Value::Array(rows) = rows else {
            return Err(unknown("the list of refunds is not a list"));
        };
        let noted = |row: &&Value| {
            text(row, "/merchant_note").is_some_and(|note| {
                note.split_whitespace()
                    .any(|word| word == of.reference.as_str())
            })
        };
        if let Some(row) = rows.iter().find(noted) {
            return refund_report(row, of.amount);
        }
        if rows.len() < PAGE {
            return Ok(RefundReport {
                found: RefundFound::Missing,
                provider_ref: None,
                said: "Paystack has no refund with our id".to_owned(),
            });
        }
    }
    Err(unknown("the list of refunds is too long"))
}

#[async_trait]
impl PaymentProvider for Paystack {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, account: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)?;
        if to_subunits(req.amount).is_none() {
            let message = "the amount is too large";
            return Err(InputProblem::new("amount", "amount_too_large", message));
        }
        if email(account, req).is_none() {
            let message = "Paystack needs the customer's e-mail address";
            return Err(InputProblem::new(
                "customer.email",
                "email_required",
                message,
            ));
        }
        Ok(())
    }

    /// Sends the amount in subunits, ×100 for every currency.
    /// Source: Paystack API reference, Initialize Transaction.
    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        let refuse = |what: &str| ProviderError::declined(FailureCode::Declined, what);
        let Some(amount) = to_subunits(req.amount) else {
            return Err(refuse("the amount cannot be sent"));
        };
        let Some(email) = email(call.account, req) else {
            return Err(refuse("there is no e-mail address"));
        };
        let body = json!({
            "email": email,
            "amount": amount,
            "currency": req.amount.currency.code(),
            "reference": req.reference,
            "callback_url": req.return_url,
            "channels": [channel(req.method)],
            "metadata": {
                "cancel_action": req.cancel_url,
                "payment_reference": req.reference,
                "order_reference": req.order_reference,
            },
        });
        let key = key(call.account)?;
        let answer = call.post("/transaction/initialize", key, &body).await?;
        let data = data(&answer)?;
        let page = text(&data, "/authorization_url").filter(|url| url.starts_with("http"));
        let reference = text(&data, "/reference").filter(|r| *r == req.reference);
        match (page, reference) {
            (Some(page), Some(reference)) => Ok(Started::redirect(
                reference,
                page,
                "Paystack made a page for the payment.".to_owned(),
            )),
            _ => Err(unknown(answer.words())),
        }
    }

    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        let path = format!("/transaction/verify/{}", segment(&of.reference));
        let answer = call.get(&path, key(call.account)?).await?;
        if says_not_found(&answer) {
            return Ok(Report::new(Found::Missing, answer.words()));
        }
        report(&data(&answer)?)
    }

    /// Paystack has no idempotency for refunds: our id goes into `merchant_note`, by which the
    /// list finds it after a lost answer.
    async fn refund(
        &self,
        call: &Call<'_>,
        req: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        let Some(amount) = to_subunits(req.amount) else {
            let message = "the amount cannot be sent";
            return Err(ProviderError::declined(FailureCode::Declined, message));
        };
        let body = json!({
            "transaction": req.payment.reference,
            "amount": amount,
            "currency": req.amount.currency.code(),
            "merchant_note": format!("Refund {}", req.reference),
            "customer_note": req.reason,
        });
        let answer = call.post("/refund", key(call.account)?, &body).await?;
        refund_report(&data(&answer)?, req.amount)
    }

    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        if let Some(id) = &of.provider_ref {
            let path = format!("/refund/{}", segment(id));
            let answer = call.get(&path, key(call.account)?).await?;
            return refund_report(&data(&answer)?, of.amount);
        }
        let transaction = match of.payment.receipt.clone() {
            Some(id) => Some(id),
            None => self.fetch(call, &of.payment).await?.receipt,
        };
        let Some(transaction) = transaction else {
            return Err(unknown("the payment's transaction id is not known"));
        };
        listed(call, &transaction, of).await
    }

    fn verify(
        &self,
        account: &Account,
        raw: &RawHook,
        _: Timestamp,
    ) -> Result<HookProof, HookError> {
        verify(account, raw).map(|()| HookProof::Signed)
    }

    fn read(&self, _: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
        let body: Value = serde_json::from_slice(&raw.body)
            .map_err(|_| HookError::Unreadable("it is not JSON".to_owned()))?;
        let (Some(event), Some(data)) = (text(&body, "/event"), body.get("data")) else {
            return Err(HookError::Unreadable("it has no event or data".to_owned()));
        };
        let part = |pointer| text(data, pointer).unwrap_or_default();
        let paid_reference = ["/transaction_reference", "/transaction/reference"]
            .iter()
            .find_map(|p| text(data, p));
        let about = if event.starts_with("refund.") {
            HookAbout::Refund {
                payment_reference: paid_reference,
                refund_reference: None,
            }
        } else if let Some(reference) = text(data, "/reference").or(paid_reference) {
            // An amount that cannot be read here is asked for.
            let report = (event == "charge.success")
                .then(|| report(data).ok())
                .flatten();
            HookAbout::Payment {
                reference: Some(reference),
                claims: Claims {
                    provider_ref: text(data, "/reference"),
                    receipt: text(data, "/id"),
                    amount: None,
                },
                report,
            }
        } else {
            HookAbout::Nothing(format!("{event} names no payment of ours"))
        };
        let subject = text(data, "/id")
            .or_else(|| text(data, "/reference"))
            .unwrap_or_else(|| {
                let refund = [
                    "/transaction_reference",
                    "/refund_reference",
                    "/amount",
                    "/bank_transfer/transaction_id",
                ];
                refund.map(part).join("/")
            });
        Ok(HookReading {
            dedupe_key: format!("{event}:{subject}:{}", part("/status")),
            event,
            about,
        })
    }

    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        let key = key(call.account)?;
        let answer = call.get("/transaction?perPage=1", key).await?;
        data(&answer)?;
        let said = answer.json().and_then(|body| text(&body, "/message"));
        let mode = match key.expose_secret() {
            k if k.starts_with("sk_test_") => "a test key",
            k if k.starts_with("sk_live_") => "a live key",
            _ => "a key of no known mode",
        };
        let said = said.unwrap_or_else(|| "no message".to_owned());
        Ok(format!("Paystack took {mode} and said: {said}"))
    }
}
