//! MTN Mobile Money (MoMo Open API): a request to pay prompts the payer's phone, and its status is
//! asked by an id that our own reference makes. Refunds go through the Disbursements product where
//! the merchant has it. Callbacks are unsigned and therefore hints.
//! Facts: MTN's developer portal (Collections, Disbursements, Callback, common error codes), its
//! Java and `JavaScript` SDKs, and its sandbox notebook.
use super::http::{Answer, text};
use super::{
    Account, Call, Claims, CurrencyRule, Field, Flow, Found, HookAbout, HookError, HookKind,
    HookReading, InputProblem, MethodInfo, PaymentProvider, PaymentRef, PollSchedule,
    ProviderError, ProviderInfo, RawHook, RefundFound, RefundReport, RefundSupport, Report,
    StartPayment, StartRefund, Started, TestInstrument, TestOutcome, check_basics,
};
use crate::domain::method::Method;
use crate::domain::payment::{FailureCode, NextAction, PaymentStatus};
use async_trait::async_trait;
use environments::{Environment, Errand, known_or_made, msisdn, plain, reference_id, to_wire};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wire::{Keys, Order, Product};

mod environments;
#[cfg(test)]
mod tests;
mod wire;

pub struct MtnMomo;

/// A status that answers 404 for so long belongs to a request that never arrived. Shortly after
/// the 202 it only means that MTN does not show it yet.
const MISSING_SECS: i64 = 120;
/// MTN's limit of `payerMessage` and `payeeNote`.
const TEXT_CHARS: usize = 160;
/// Version 1: its status has a path in MTN's own SDKs, and both versions take the same fields.
const REFUND_PATH: &str = "/disbursement/v1_0/refund";
const PAY_PATH: &str = "/collection/v1_0/requesttopay";
const BY_HAND: &str = "Send the money back by MoMo from the business wallet, then record it: the \
    account has no subscription to MTN's Disbursements.";

const fn number(number: &'static str, outcome: TestOutcome) -> TestInstrument {
    TestInstrument {
        number,
        detail: "",
        outcome,
        simulator_only: false,
    }
}

static INFO: ProviderInfo = ProviderInfo {
    name: "mtn_momo",
    label: "MTN MoMo",
    monogram: "Mt",
    test_url: "https://sandbox.momodeveloper.mtn.com",
    // MTN's Java SDK; the portal does not print it, and markets may have hosts of their own.
    live_url: "https://proxy.momoapi.mtn.com",
    page_origins: &[],
    methods: &[MethodInfo {
        method: Method::MobileMoney,
        flow: Flow::PhonePrompt,
        needs_phone: true,
        needs_email: false,
        currencies: &[],
        // The target environment says which country's numbers are taken.
        countries: &[],
    }],
    // MTN publishes no limits: they depend on country and wallet.
    currencies: &[
        CurrencyRule::new("EUR", 1),
        CurrencyRule::new("GHS", 1),
        CurrencyRule::new("GNF", 1),
        CurrencyRule::new("LRD", 1),
        CurrencyRule::new("NGN", 1),
        CurrencyRule::new("RWF", 1),
        CurrencyRule::new("SSP", 1),
        CurrencyRule::new("SZL", 1),
        CurrencyRule::new("UGX", 1),
        CurrencyRule::new("XAF", 1),
        CurrencyRule::new("XOF", 1),
        CurrencyRule::new("ZAR", 1),
        CurrencyRule::new("ZMW", 1),
    ],
    credentials: &[
        Field::plain(
            "api_user",
            "API user",
            "A UUID: from MTN's Partner Portal; for the sandbox, made by its provisioning API.",
        ),
        Field::secret("api_key", "API key", "Made together with the API user."),
        Field::secret(
            "subscription_key",
            "Subscription key of Collections",
            "Developer portal, Profile, the Collections product; primary or secondary.",
        ),
        Field::plain(
            "target_environment",
            "Target environment",
            "The sandbox, or the country of the MTN contract.",
        )
        .choices(environments::NAMES)
        .prefixes("sandbox", "mtn"),
        Field::plain(
            "disbursement_api_user",
            "API user of Disbursements",
            "For refunds, where it is another one than above.",
        )
        .optional(),
        Field::secret(
            "disbursement_api_key",
            "API key of Disbursements",
            "For refunds, where it is another one than above.",
        )
        .optional(),
        Field::secret(
            "disbursement_subscription_key",
            "Subscription key of Disbursements",
            "For refunds. Without it refunds are paid back by hand.",
        )
        .optional(),
        Field::plain(
            "callback_host",
            "Registered callback host",
            "The host that MTN knows for the API user. MTN refuses payments that name another, so \
             where it is not this server's no callback is asked for, and polling finds the end.",
        )
        .optional(),
    ],
    options: &[],
    hook: HookKind::Hint,
    secret_headers: &[],
    sources: &[],
    registers_hooks: false,
    refunds: RefundSupport::Partial,
    refund_may_fail_days: 0,
    poll: PollSchedule::PROMPT,
    // The payer has five minutes for the PIN.
    attempt_secs: 360,
    test_only: false,
    // MTN portal, sandbox test numbers; every number beside the listed ones pays.
    test_instruments: &[
        number("56733123453", TestOutcome::Paid),
        number("46733123450", TestOutcome::Declined),
        number("46733123451", TestOutcome::Cancelled),
        number("46733123452", TestOutcome::Expired),
        number("46733123453", TestOutcome::NeverAnswers),
    ],
};

/// The account's environment, where it names one of MTN's.
fn environment(account: &Account) -> Option<&'static Environment> {
    Environment::find(wire::given(account, "target_environment")?)
}

/// Where MTN is to call back, if it can. The portal's pages disagree whether the sandbox calls
/// http or https, so both are asked for there; production calls https on a domain's own name
/// alone. The host must be the one that MTN knows.
fn callback<'a>(
    account: &Account,
    environment: &Environment,
    hook_url: &'a str,
) -> Option<&'a str> {
    let address = url::Url::parse(hook_url).ok()?;
    let fits = match address.scheme() {
        "https" => environment.is_sandbox() || address.domain().is_some(),
        "http" => environment.is_sandbox(),
        _ => false,
    };
    let host = address.host_str()?;
    let known = wire::given(account, "callback_host");
    let same = known.is_none_or(|known| known.eq_ignore_ascii_case(host));
    (fits && same).then_some(hook_url)
}

/// A text for the payer or the merchant, never empty.
fn note(wanted: &str, otherwise: &str) -> String {
    let cleaned = plain(wanted, TEXT_CHARS);
    if cleaned.is_empty() {
        plain(otherwise, TEXT_CHARS)
    } else {
        cleaned
    }
}

fn unknown(said: &str) -> ProviderError {
    ProviderError::Unknown(said.to_owned())
}

/// The id under which MTN knows a payment.
fn payment_id(of: &PaymentRef) -> String {
    known_or_made(of.provider_ref.as_deref(), Errand::Payment, &of.reference)
}

/// A callback's own name for the refund that it is about: `externalId` cannot carry our `_`.
fn refund_of(external_id: &str) -> Option<String> {
    let body = external_id.strip_prefix("ref-")?;
    Some(format!("ref_{body}"))
}

/// Sends an order. A callback host that MTN does not know makes it refuse the whole: it is then
/// sent once more without one, under the same id, and asking finds what becomes of it.
async fn order_once(
    call: &Call<'_>,
    keys: &Keys<'_>,
    path: &str,
    order: &Order<'_>,
) -> Result<Answer, ProviderError> {
    let answer = wire::ask(call, keys, path, Some(order)).await?;
    if order.callback.is_none() || !wire::knows_no_callback_host(&answer) {
        return Ok(answer);
    }
    let bare = Order {
        callback: None,
        ..*order
    };
    wire::ask(call, keys, path, Some(&bare)).await
}

#[async_trait]
impl PaymentProvider for MtnMomo {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, account: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)?;
        let environment = environment(account);
        let currency = req.amount.currency.code();
        if let Some(at) = environment.filter(|at| at.currency != currency) {
            let message = format!("MTN takes {} alone in {}", at.currency, at.name);
            let code = "currency_not_supported";
            return Err(InputProblem::new("currency", code, message));
        }
        let Some(phone) = &req.phone else {
            let message = "MTN MoMo needs the payer's phone number";
            return Err(InputProblem::new("phone", "phone_required", message));
        };
        msisdn(phone, environment).map(|_| ())
    }

    /// Sends the prompt. Only 202 means that MTN took it; an id that it has already came from us.
    /// Source: Collections, `RequesttoPay`.
    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        let keys = Keys::collection(call.account)?;
        let refuse = |what: String| ProviderError::declined(FailureCode::Declined, what);
        let at = keys.environment;
        if req.amount.currency.code() != at.currency || req.amount.minor < 1 {
            return Err(refuse("the amount cannot be sent".to_owned()));
        }
        let phone = req.phone.as_deref().unwrap_or_default();
        let phone = msisdn(phone, Some(at)).map_err(|problem| refuse(problem.message))?;
        let id = reference_id(Errand::Payment, &req.reference);
        let body = json!({
            "amount": to_wire(req.amount),
            "currency": at.currency,
            "externalId": plain(&req.reference, TEXT_CHARS),
            "payer": {"partyIdType": "MSISDN", "partyId": phone},
            "payerMessage": note(&req.description, "Payment"),
            "payeeNote": note(&req.order_reference, &req.reference),
        });
        let order = Order {
            id: &id,
            callback: callback(call.account, at, &req.hook_url),
            body: &body,
        };
        let answer = order_once(call, &keys, PAY_PATH, &order).await?;
        let said = match answer.status {
            202 => "MTN sends the prompt.",
            _ if wire::is_duplicate(&answer) => "MTN has the request already.",
            _ => return Err(wire::refusal(&answer, &keys, Errand::Payment)),
        };
        Ok(Started {
            provider_ref: Some(id),
            status: PaymentStatus::RequiresAction,
            next_action: NextAction::PhonePrompt,
            said: said.to_owned(),
        })
    }

    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        let keys = Keys::collection(call.account)?;
        let id = payment_id(of);
        let answer = wire::ask(call, &keys, &format!("{PAY_PATH}/{id}"), None).await?;
        let body = answer
            .json()
            .filter(|b| answer.status == 200 && b.is_object());
        match body {
            Some(body) => wire::report(&body, &id),
            None if !wire::is_missing(&answer) => Err(wire::no_answer(&answer, &keys)),
            None if call.now.secs_since(of.created_at) >= MISSING_SECS => {
                Ok(Report::new(Found::Missing, wire::said(&answer)))
            }
            None => Err(unknown("MTN does not show the request yet")),
        }
    }

    /// Gives back all or a part, under an id of the refund's own. MTN documents no check of what
    /// is left, so it is ours alone.
    /// Source: Disbursements, Refund-V1; MTN's sandbox notebook on partial refunds.
    async fn refund(
        &self,
        call: &Call<'_>,
        req: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        let Some(keys) = Keys::disbursement(call.account)? else {
            return Ok(RefundReport::by_hand(BY_HAND));
        };
        let id = reference_id(Errand::Refund, &req.reference);
        let body = json!({
            "amount": to_wire(req.amount),
            "currency": req.amount.currency.code(),
            "externalId": plain(&req.reference, TEXT_CHARS),
            "payerMessage": note(&req.reason, "Refund"),
            "payeeNote": note(&format!("Refund of {}", req.payment.reference), "Refund"),
            "referenceIdToRefund": payment_id(&req.payment),
        });
        let order = Order {
            id: &id,
            callback: callback(call.account, keys.environment, &req.hook_url),
            body: &body,
        };
        let answer = order_once(call, &keys, REFUND_PATH, &order).await?;
        if answer.status != 202 && !wire::is_duplicate(&answer) {
            return Err(wire::refusal(&answer, &keys, Errand::Refund));
        }
        Ok(RefundReport {
            found: RefundFound::Pending,
            provider_ref: Some(id),
            said: "MTN took the refund on.".to_owned(),
        })
    }

    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        let Some(keys) = Keys::disbursement(call.account)? else {
            if of.provider_ref.is_some() {
                let message = "the credential disbursement_subscription_key is not set any more";
                return Err(ProviderError::Misconfigured(message.to_owned()));
            }
            return Ok(RefundReport::by_hand(BY_HAND));
        };
        let id = known_or_made(of.provider_ref.as_deref(), Errand::Refund, &of.reference);
        let answer = wire::ask(call, &keys, &format!("{REFUND_PATH}/{id}"), None).await?;
        let body = answer
            .json()
            .filter(|b| answer.status == 200 && b.is_object());
        match body {
            Some(body) => wire::refund_report(&body, &id, of.amount),
            None if !wire::is_missing(&answer) => Err(wire::no_answer(&answer, &keys)),
            // What MTN took on is there, though it may not show yet.
            None if of.provider_ref.is_some() => Err(unknown("MTN does not show the refund yet")),
            None => Ok(RefundReport {
                found: RefundFound::Missing,
                provider_ref: None,
                said: wire::said(&answer),
            }),
        }
    }

    fn refunds(&self, account: &Account, _: &PaymentRef) -> RefundSupport {
        if wire::given(account, "disbursement_subscription_key").is_some() {
            INFO.refunds
        } else {
            RefundSupport::ByHand
        }
    }

    /// A callback carries no id of MTN's and no signature: the path says what it is about, and
    /// `externalId` where the path says nothing.
    fn read(&self, _: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
        let bad = |what: &str| HookError::Unreadable(what.to_owned());
        let body: Value = serde_json::from_slice(&raw.body).map_err(|_| bad("it is not JSON"))?;
        if !body.is_object() {
            return Err(bad("it is not an object"));
        }
        let external_id = text(&body, "/externalId");
        let path = Some(raw.path_reference.trim()).filter(|p| !p.is_empty());
        let named = path.map(str::to_owned).or_else(|| external_id.clone());
        let refund = match path {
            Some(path) => path.starts_with("ref_").then(|| path.to_owned()),
            None => external_id.as_deref().and_then(refund_of),
        };
        let status = text(&body, "/status").unwrap_or_default();
        let receipt = text(&body, "/financialTransactionId");
        let cause = text(&body, "/reason").or_else(|| text(&body, "/reason/code"));
        let kind = if refund.is_some() {
            "refund"
        } else {
            "requesttopay"
        };
        let letters = status.chars().filter(char::is_ascii_alphabetic).take(20);
        let event = format!("{kind}.{}", letters.collect::<String>().to_lowercase());
        let facts = [&named, &external_id, &Some(status), &receipt, &cause];
        let facts: Vec<&str> = facts.map(|f| f.as_deref().unwrap_or_default()).into();
        let digest = hex::encode(&Sha256::digest(facts.join("\n"))[..16]);
        let about = if refund.is_some() {
            HookAbout::Refund {
                payment_reference: None,
                refund_reference: refund,
            }
        } else if named.is_some() {
            HookAbout::Payment {
                reference: named,
                claims: Claims {
                    provider_ref: None,
                    receipt,
                    amount: wire::amount(&body),
                },
                report: None,
            }
        } else {
            HookAbout::Nothing("it names no payment or refund of ours".to_owned())
        };
        Ok(HookReading {
            dedupe_key: format!("{event}:{digest}"),
            event,
            about,
        })
    }

    /// A token proves user, key and subscription; the balance, which the sandbox often does not
    /// tell, the target environment.
    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        let keys = Keys::collection(call.account)?;
        wire::fresh_token(call, &keys).await?;
        let mut said = "MTN gave an access token for Collections".to_owned();
        if let Some(refunds) = Keys::disbursement(call.account)? {
            wire::fresh_token(call, &refunds).await?;
            said.push_str(" and one for Disbursements");
        } else {
            said.push_str("; refunds are paid back by hand");
        }
        let path = format!("/{}/v1_0/account/balance", Product::Collection.as_str());
        let answer = wire::ask(call, &keys, &path, None).await?;
        if wire::said(&answer).contains("NOT_ALLOWED_TARGET_ENVIRONMENT") {
            let message = format!("target_environment: {}", wire::said(&answer));
            return Err(ProviderError::Misconfigured(message));
        }
        let name = keys.environment.name;
        if answer.status == 200 {
            Ok(format!("{said}. It answers for {name}."))
        } else {
            let status = answer.status;
            Ok(format!(
                "{said}. The balance was not told (HTTP {status}), so only a first prompt proves \
                 {name}."
            ))
        }
    }
}
