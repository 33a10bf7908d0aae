//! Acme, an invented provider: the sample of docs/adding-a-provider.md, whole. Its page is made by
//! one call, its hooks are signed, and it is asked by our own reference.
use super::http::{Answer, segment, text};
use super::{
    Account, Call, Charge, Claims, CurrencyRule, Field, Flow, Found, HookAbout, HookError,
    HookKind, HookProof, HookReading, InputProblem, MethodInfo, PaymentProvider, PaymentRef,
    PollSchedule, ProviderError, ProviderInfo, RawHook, RefundFound, RefundReport, RefundSupport,
    Report, StartPayment, StartRefund, Started, TestInstrument, TestOutcome, check_basics,
};
use crate::domain::method::Method;
use crate::domain::payment::{Failure, FailureCode, PaymentStatus};
use crate::domain::{Currency, Money, Timestamp};
use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::Sha256;

pub struct Acme;

static INFO: ProviderInfo = ProviderInfo {
    name: "acme",
    label: "Acme Pay",
    monogram: "Ac",
    test_url: "https://sandbox.acme.example",
    live_url: "https://api.acme.example",
    page_origins: &["https://pay.acme.example"],
    methods: &[MethodInfo {
        method: Method::Card,
        flow: Flow::Redirect,
        needs_phone: false,
        needs_email: false,
        currencies: &[],
        countries: &[],
    }],
    // Acme takes minor units, as we do, from one on.
    currencies: &[CurrencyRule::new("KES", 100), CurrencyRule::new("USD", 50)],
    credentials: &[
        Field::secret("secret_key", "Secret key", "Acme's pages, Developers.")
            .prefixes("acme_test_", "acme_live_"),
        Field::secret(
            "webhook_secret",
            "Webhook secret",
            "Beside the webhook's address.",
        ),
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
    test_instruments: &[TestInstrument {
        number: "4000 0000 0000 0002",
        detail: "any date, CVC 123",
        outcome: TestOutcome::Paid,
        simulator_only: false,
    }],
};

/// The body of a success, or what the refusal means. Acme answers errors as `{"error": "code"}`.
fn body(answer: &Answer) -> Result<Value, ProviderError> {
    let body = answer.json().filter(Value::is_object);
    let Some(body) = body.filter(|_| answer.status < 500) else {
        // Whatever is not Acme's own JSON may have been processed (R4).
        return Err(ProviderError::Unknown(answer.words()));
    };
    if answer.is_success() {
        return Ok(body);
    }
    let said = text(&body, "/error").unwrap_or_else(|| answer.words());
    Err(match answer.status {
        401 | 403 => ProviderError::Misconfigured(said),
        429 => ProviderError::Unavailable(said),
        // Our own reference was taken by our own first call: asking tells what became of it.
        409 => ProviderError::Unknown(said),
        _ => ProviderError::declined(cause(&said), said),
    })
}

/// Acme's decline codes; a code of tomorrow is a plain refusal.
fn cause(code: &str) -> FailureCode {
    match code {
        "insufficient_funds" => FailureCode::InsufficientFunds,
        "expired_card" => FailureCode::ExpiredCard,
        "balance_too_low" => FailureCode::MerchantBalanceLow,
        _ => FailureCode::Declined,
    }
}

fn money(value: &Value) -> Option<Money> {
    let currency = Currency::parse(value["currency"].as_str()?)?;
    Some(Money::new(value["amount"].as_i64()?, currency))
}

/// A charge, from an answer or from a signed hook.
fn report(charge: &Value) -> Result<Report, ProviderError> {
    let unknown = |what: &str| ProviderError::Unknown(format!("the charge has no {what}"));
    let status = text(charge, "/status").ok_or_else(|| unknown("status"))?;
    let failure = || Failure {
        code: cause(charge["code"].as_str().unwrap_or_default()),
        message: status.clone(),
    };
    let found = match status.as_str() {
        "paid" => Found::Succeeded(Charge {
            amount: money(charge).ok_or_else(|| unknown("amount"))?,
            asked: None,
            payer_may_bear_fee: false,
            reference: text(charge, "/reference"),
            test_mode: charge["test"].as_bool(),
        }),
        "failed" => Found::Failed(failure()),
        "cancelled" => Found::Cancelled(Failure {
            code: FailureCode::CancelledByCustomer,
            ..failure()
        }),
        "expired" => Found::Expired(Failure {
            code: FailureCode::Expired,
            ..failure()
        }),
        "processing" => Found::Open(PaymentStatus::Processing),
        // A status that we do not know is no end.
        _ => Found::Open(PaymentStatus::RequiresAction),
    };
    let paid = matches!(found, Found::Succeeded(_));
    Ok(Report {
        found,
        provider_ref: text(charge, "/id"),
        receipt: text(charge, "/id").filter(|_| paid),
        said: status,
    })
}

fn refund_report(refund: &Value) -> Result<RefundReport, ProviderError> {
    let Some(status) = text(refund, "/status") else {
        return Err(ProviderError::Unknown(
            "the refund has no status".to_owned(),
        ));
    };
    let found = match status.as_str() {
        "succeeded" => RefundFound::Succeeded,
        "failed" => RefundFound::Failed(Failure {
            code: cause(refund["code"].as_str().unwrap_or_default()),
            message: status.clone(),
        }),
        _ => RefundFound::Pending,
    };
    Ok(RefundReport {
        found,
        provider_ref: text(refund, "/id"),
        said: status,
    })
}

#[async_trait]
impl PaymentProvider for Acme {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, _: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)
    }

    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        let order = json!({
            "reference": req.reference,
            "amount": req.amount.minor,
            "currency": req.amount.currency.code(),
            "description": req.description,
            "return_url": req.return_url,
        });
        let key = call.account.credential("secret_key")?;
        let answer = call.post("/charges", key, &order).await?;
        let charge = body(&answer)?;
        match (text(&charge, "/id"), text(&charge, "/page")) {
            (Some(id), Some(page)) => Ok(Started::redirect(id, page, "Acme made a page.".into())),
            _ => Err(ProviderError::Unknown(answer.words())),
        }
    }

    /// By our own reference, so that a payment whose answer was lost is found, too.
    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        let path = format!("/charges/{}", segment(&of.reference));
        let answer = call
            .get(&path, call.account.credential("secret_key")?)
            .await?;
        if answer.status == 404
            && answer
                .json()
                .is_some_and(|b| b["error"] == "no_such_charge")
        {
            return Ok(Report::new(Found::Missing, "Acme does not know it"));
        }
        report(&body(&answer)?)
    }

    /// Our refund's id is Acme's idempotency key: the same id never gives back twice.
    async fn refund(
        &self,
        call: &Call<'_>,
        req: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        let path = format!("/charges/{}/refunds", segment(&req.payment.reference));
        let wanted = json!({ "id": req.reference, "amount": req.amount.minor });
        let key = call.account.credential("secret_key")?;
        refund_report(&body(&call.post(&path, key, &wanted).await?)?)
    }

    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        let path = format!("/refunds/{}", segment(&of.reference));
        let answer = call
            .get(&path, call.account.credential("secret_key")?)
            .await?;
        if answer.status == 404
            && answer
                .json()
                .is_some_and(|b| b["error"] == "no_such_refund")
        {
            return Ok(RefundReport {
                found: RefundFound::Missing,
                provider_ref: None,
                said: "Acme has no such refund".to_owned(),
            });
        }
        refund_report(&body(&answer)?)
    }

    /// `acme-signature`: HMAC-SHA256 over the raw body with the webhook secret, in hex.
    fn verify(
        &self,
        account: &Account,
        raw: &RawHook,
        _: Timestamp,
    ) -> Result<HookProof, HookError> {
        let refuse = |why: &str| HookError::NotVerified(why.to_owned());
        let secret = account.credentials.get("webhook_secret");
        let secret = secret.map(|s| s.expose_secret().as_bytes());
        let secret = secret.filter(|s| !s.is_empty());
        let given = raw.headers.get("acme-signature").map(hex::decode);
        let (Some(secret), Some(Ok(given))) = (secret, given) else {
            return Err(refuse("there is no secret or no signature"));
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| refuse("no key"))?;
        mac.update(&raw.body);
        mac.verify_slice(&given)
            .map(|()| HookProof::Signed)
            .map_err(|_| refuse("the signature does not fit"))
    }

    fn read(&self, _: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
        let body: Value = serde_json::from_slice(&raw.body)
            .map_err(|_| HookError::Unreadable("it is not JSON".to_owned()))?;
        let (Some(id), Some(event)) = (text(&body, "/id"), text(&body, "/type")) else {
            return Err(HookError::Unreadable("it has no id or type".to_owned()));
        };
        let charge = &body["charge"];
        let about = match (event.as_str(), text(charge, "/reference")) {
            ("refund.updated", reference) => HookAbout::Refund {
                payment_reference: reference,
                refund_reference: text(&body, "/refund"),
            },
            (kind, Some(reference)) if kind.starts_with("charge.") => HookAbout::Payment {
                reference: Some(reference),
                claims: Claims {
                    provider_ref: text(charge, "/id"),
                    ..Claims::default()
                },
                report: report(charge).ok(),
            },
            _ => HookAbout::Nothing(format!("{event} is nothing of ours")),
        };
        Ok(HookReading {
            dedupe_key: id,
            event,
            about,
        })
    }

    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        let key = call.account.credential("secret_key")?;
        let shop = body(&call.get("/me", key).await?)?;
        let name = text(&shop, "/name").unwrap_or_else(|| "no name".to_owned());
        Ok(format!("Acme knows this key as {name}."))
    }
}
