//! The providers behind one trait and one registry. An adapter keeps no state and no money rules:
//! it speaks its provider's wire and says what it read. `services` decides what that means.
use crate::domain::account::Mode;
use crate::domain::bill::BillReference;
pub use crate::domain::hook::HookProof;
use crate::domain::ids::TenantId;
use crate::domain::method::Method;
use crate::domain::payment::{Failure, FailureCode, NextAction, PaymentStatus};
use crate::domain::{Currency, Money, Timestamp};
use async_trait::async_trait;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;

#[cfg(feature = "sample-provider")]
#[path = "../../docs/sample-provider/acme.rs"]
mod acme;
mod flutterwave;
pub mod http;
mod info;
mod mamopay;
mod manual;
mod mock;
mod mpesa;
mod mtn_momo;
pub mod outward;
pub mod payme;
mod paymongo;
mod paystack;
mod stripe;
#[cfg(test)]
mod testing;

pub use crate::domain::InputProblem;
pub use http::Http;
pub use info::*;

/// Every provider that Malipo speaks, in the order of the settings page.
pub static REGISTRY: &[&dyn PaymentProvider] = &[
    &stripe::Stripe,
    &paystack::Paystack,
    &flutterwave::Flutterwave,
    &mpesa::Mpesa,
    &mtn_momo::MtnMomo,
    &paymongo::Paymongo,
    &payme::Payme,
    &mamopay::MamoPay,
    &manual::Manual,
    &mock::Mock,
    #[cfg(feature = "sample-provider")]
    &acme::Acme,
];

/// The adapter of a provider's name.
pub fn find(name: &str) -> Option<&'static dyn PaymentProvider> {
    REGISTRY.iter().copied().find(|p| p.info().name == name)
}

/// One payment provider. All methods take everything they need; none keeps anything.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    fn info(&self) -> &'static ProviderInfo;

    /// Refuses what this provider can never take, before any intent is written. No I/O.
    ///
    /// # Errors
    /// The field at fault, with a sentence.
    fn check(&self, account: &Account, req: &StartPayment) -> Result<(), InputProblem>;

    /// Asks the provider for a payment. Called once for each attempt, after our intent is
    /// committed (R3), and never repeated blindly (R4).
    ///
    /// # Errors
    /// [`ProviderError::Unknown`] where the provider may have acted.
    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError>;

    /// Asks what became of a payment.
    ///
    /// # Errors
    /// Any error means "no answer": the caller asks again later.
    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError>;

    /// Sends a refund. Called once for each refund, after `sending` is committed.
    ///
    /// # Errors
    /// [`ProviderError::Unknown`] where the provider may have acted.
    async fn refund(
        &self,
        call: &Call<'_>,
        req: &StartRefund,
    ) -> Result<RefundReport, ProviderError>;

    /// Asks what became of a refund.
    ///
    /// # Errors
    /// Any error means "no answer": the caller asks again later.
    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError>;

    /// How a refund of this payment goes back, as this account is set up.
    fn refunds(&self, _account: &Account, _of: &PaymentRef) -> RefundSupport {
        self.info().refunds
    }

    /// Ends an unpaid page or link, so that nobody pays an order that was cancelled or is over.
    /// Twice is harmless, and what was paid meanwhile is found by asking.
    ///
    /// # Errors
    /// Any error means that the page may still be open.
    async fn close(&self, _call: &Call<'_>, _of: &PaymentRef) -> Result<(), ProviderError> {
        Ok(())
    }

    /// Says how far a hook proves its sender, over the raw bytes. Done once, when it comes: what
    /// proves it may be a secret, which is not kept. No I/O.
    ///
    /// # Errors
    /// [`HookError::NotVerified`] for a proof that does not fit: quarantine, 401.
    fn verify(
        &self,
        _account: &Account,
        _raw: &RawHook,
        _now: Timestamp,
    ) -> Result<HookProof, HookError> {
        Ok(HookProof::Hint)
    }

    /// Reads a hook. What it reports is believed only where [`PaymentProvider::verify`] said
    /// [`HookProof::Signed`]; else it makes us ask (R5). No I/O.
    ///
    /// # Errors
    /// [`HookError::Unreadable`] for a body that is none of this provider's.
    fn read(&self, _account: &Account, _raw: &RawHook) -> Result<HookReading, HookError> {
        Ok(HookReading {
            dedupe_key: "none".to_owned(),
            event: "none".to_owned(),
            about: HookAbout::Nothing(format!("{} sends no hooks", self.info().label)),
        })
    }

    /// Registers our hook address with the provider, where [`ProviderInfo::registers_hooks`] says
    /// that it lets us.
    ///
    /// # Errors
    /// What is wrong, in the provider's words and ours.
    async fn register_hooks(
        &self,
        _call: &Call<'_>,
        _hook_url: &str,
    ) -> Result<Registered, ProviderError> {
        let message = "the address is set on the provider's own pages";
        Err(ProviderError::Misconfigured(message.to_owned()))
    }

    /// The body that the provider expects beside 200.
    fn hook_reply(&self) -> &'static str {
        ""
    }

    /// Whether customers can pay by hand to a business number, with a short reference of ours
    /// ([`StartPayment::bill`]). What they pay comes as [`HookAbout::Bill`].
    fn takes_bills(&self) -> bool {
        false
    }

    /// The question that a hook asks and that must be answered at once out of our books, if it is
    /// one. It is never money. No I/O.
    ///
    /// # Errors
    /// [`HookError::Unreadable`] for a question that nobody can read.
    fn question(
        &self,
        _account: &Account,
        _raw: &RawHook,
    ) -> Result<Option<BillPayment>, HookError> {
        Ok(None)
    }

    /// The body that answers a question.
    fn verdict(&self, _verdict: Verdict) -> &'static str {
        ""
    }

    /// Asks something to which the answer comes later, at [`Inquiry::answer_url`], as
    /// [`HookAbout::Answer`]. Gives the ids by which that answer says what it is about; `None`
    /// where this account has nobody to ask. Moves no money.
    ///
    /// # Errors
    /// Any error means "not asked".
    async fn inquire(
        &self,
        _call: &Call<'_>,
        _of: &Inquiry,
    ) -> Result<Option<Vec<String>>, ProviderError> {
        Ok(None)
    }

    /// Whether the outcome of refunds, and answers to [`PaymentProvider::inquire`], come as a call
    /// to a secret address of their own. Such a call counts as asking (R5).
    fn answers_later(&self) -> bool {
        false
    }

    /// Calls the provider with the account's credentials and says what it answered. Moves no money.
    ///
    /// # Errors
    /// What is wrong, in the provider's words and ours.
    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError>;
}

/// A tenant's account at a provider, opened for one call.
#[derive(Clone, Debug)]
pub struct Account {
    pub tenant_id: TenantId,
    pub mode: Mode,
    pub credentials: BTreeMap<String, SecretString>,
    pub options: BTreeMap<String, String>,
    /// Sent where the provider insists on an e-mail and the customer gave none.
    pub fallback_email: Option<String>,
}

impl Account {
    /// A credential's value.
    ///
    /// # Errors
    /// [`ProviderError::Misconfigured`] naming the field, where it is not set.
    pub fn credential(&self, field: &str) -> Result<&SecretString, ProviderError> {
        self.credentials.get(field).ok_or_else(|| {
            ProviderError::Misconfigured(format!("the credential {field} is not set"))
        })
    }

    pub fn option(&self, field: &str) -> Option<&str> {
        self.options
            .get(field)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }
}

/// What an adapter needs for one call.
pub struct Call<'a> {
    pub account: &'a Account,
    /// Scheme, host and path prefix, without a slash at the end.
    pub base_url: &'a str,
    pub http: &'a Http,
    pub now: Timestamp,
    pub tokens: &'a dyn TokenStore,
}

/// Where an account's access tokens are shared between calls and processes: one for each
/// `product` of the provider (`""` where it has one alone).
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Held while a token is looked up or fetched, so that one process asks once.
    async fn guard(&self) -> tokio::sync::OwnedMutexGuard<()>;
    async fn load(&self, product: &str) -> Option<AccessToken>;
    async fn save(&self, product: &str, token: &AccessToken);
}

/// A provider's access token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    pub value: SecretString,
    pub expires_at: Timestamp,
}

/// What is asked of a provider for a new payment.
#[derive(Clone, Debug)]
pub struct StartPayment {
    /// Our payment's id. Names it where a provider shows an account value to people (Payme).
    pub payment_id: String,
    /// Ours: letters, digits and `-`, at most 40 characters; the idempotency key too.
    pub reference: String,
    pub amount: Money,
    pub method: Method,
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// The customer's name, where the order has it.
    pub name: Option<String>,
    /// The page's language: `en`, `sw`, `fr`, `ar`.
    pub language: String,
    /// When we stop waiting for the customer.
    pub expires_at: Timestamp,
    pub description: String,
    /// The merchant's own reference of the order.
    pub order_reference: String,
    pub merchant_name: String,
    /// Where the provider sends the customer's browser afterwards. Proves nothing (R5).
    pub return_url: String,
    /// Where "cancel" on the provider's page leads.
    pub cancel_url: String,
    /// The hook address of this account with this payment's reference at its end.
    pub hook_url: String,
    /// The short reference that the customer may type by hand, where the provider
    /// [takes bills](PaymentProvider::takes_bills).
    pub bill: Option<BillReference>,
}

/// A provider's answer to a new payment.
#[derive(Clone, Debug)]
pub struct Started {
    pub provider_ref: Option<String>,
    /// `pending`, `requires_action` or `processing`.
    pub status: PaymentStatus,
    pub next_action: NextAction,
    /// The provider's words, for the timeline.
    pub said: String,
}

impl ProviderError {
    /// A refusal with the provider's words.
    pub fn declined(code: FailureCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Declined(Failure { code, message })
    }
}

impl Report {
    /// What was found, with the provider's words and nothing else.
    pub fn new(found: Found, said: impl Into<String>) -> Self {
        Self {
            found,
            provider_ref: None,
            receipt: None,
            said: said.into(),
        }
    }
}

impl RefundReport {
    /// A refund that only a person can pay back.
    pub fn by_hand(said: impl Into<String>) -> Self {
        Self {
            found: RefundFound::ByHand,
            provider_ref: None,
            said: said.into(),
        }
    }
}

impl Started {
    /// The customer goes on at the provider's page.
    pub fn redirect(provider_ref: String, url: String, said: String) -> Self {
        Self {
            provider_ref: Some(provider_ref),
            status: PaymentStatus::RequiresAction,
            next_action: NextAction::Redirect { url },
            said,
        }
    }
}

/// A payment as a provider knows it.
#[derive(Clone, Debug)]
pub struct PaymentRef {
    pub payment_id: String,
    pub reference: String,
    pub provider_ref: Option<String>,
    pub receipt: Option<String>,
    pub amount: Money,
    pub method: Method,
    /// What an unsigned hook claims. Never believed by itself (R5); an adapter may look it up.
    pub claims: Option<Claims>,
    /// Whether its order still takes it: money that is ours to pull is not pulled otherwise.
    pub wanted: bool,
    pub created_at: Timestamp,
}

/// What a hook says of a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    pub provider_ref: Option<String>,
    pub receipt: Option<String>,
    pub amount: Option<Money>,
}

/// What a provider says of a payment when asked, or in a signed hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub found: Found,
    pub provider_ref: Option<String>,
    pub receipt: Option<String>,
    /// The provider's words, for the timeline.
    pub said: String,
}

/// What became of a payment, in the provider's eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Not at its end. The status is `pending`, `requires_action` or `processing`.
    Open(PaymentStatus),
    Succeeded(Charge),
    Failed(Failure),
    Cancelled(Failure),
    Expired(Failure),
    /// The provider does not know it. After a lost answer this means: never received.
    Missing,
}

/// Money that a provider took. Every fact it tells is compared with ours (R6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub amount: Money,
    /// What the provider says it was asked to take, where it tells. Then `amount` may be more,
    /// because the payer bore the fee.
    pub asked: Option<Money>,
    pub payer_may_bear_fee: bool,
    pub reference: Option<String>,
    pub test_mode: Option<bool>,
}

/// What is asked of a provider for a refund; also what it is asked after.
#[derive(Clone, Debug)]
pub struct StartRefund {
    /// Our refund's id.
    pub reference: String,
    pub provider_ref: Option<String>,
    pub payment: PaymentRef,
    pub amount: Money,
    /// What other refunds of the payment gave back, in minor units.
    pub refunded_minor: i64,
    /// What other refunds of the payment hold that are under way, in minor units. For providers
    /// that tell sums alone.
    pub under_way_minor: i64,
    pub reason: String,
    pub hook_url: String,
}

/// What a provider says of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundReport {
    pub found: RefundFound,
    pub provider_ref: Option<String>,
    pub said: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundFound {
    /// Taken on, not done.
    Pending,
    Succeeded,
    Failed(Failure),
    /// The provider has no such refund.
    Missing,
    /// A person must pay it back and record it.
    ByHand,
}

/// What came of registering our hook address.
#[derive(Debug)]
pub struct Registered {
    /// For staff.
    pub said: String,
    /// Credentials that the provider gave or took with it, to be kept from now on.
    pub credentials: Vec<(&'static str, SecretString)>,
}

/// A hook as it came.
#[derive(Clone, Debug)]
pub struct RawHook {
    /// Lower-case names.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// The path after the token.
    pub path_reference: String,
}

/// What a hook says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookReading {
    /// The same for every delivery of the same news.
    pub dedupe_key: String,
    /// The provider's name for this kind of news.
    pub event: String,
    pub about: HookAbout,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAbout {
    /// Our payment reference, or else the provider's id.
    Payment {
        reference: Option<String>,
        claims: Claims,
        /// What a body that says it all reports. Believed only from a signed hook.
        report: Option<Report>,
    },
    /// Asking about the refunds of this payment tells the truth.
    Refund {
        payment_reference: Option<String>,
        refund_reference: Option<String>,
    },
    /// Somebody paid by hand to a business number.
    Bill(BillPayment),
    /// What became of a refund, or the answer to an inquiry, at the secret address of that request.
    Answer(Answer),
    /// Nothing of ours, and why.
    Nothing(String),
}

/// Money that was paid by hand, as the provider tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillPayment {
    pub receipt: String,
    pub amount: Money,
    pub business_number: String,
    /// Whether the business number is this account's.
    pub ours: bool,
    /// The reference as it was typed; may be empty.
    pub typed: String,
    /// Both masked.
    pub payer_name: String,
    pub payer_phone: String,
}

/// What our books say to money that is about to be paid by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Welcome,
    UnknownReference,
    WrongAmount,
    OtherNumber,
    /// The order is paid, cancelled or over.
    Closed,
}

/// What is asked, to be answered later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    pub about: Asked,
    /// Where the answer is to come: an address of its own.
    pub answer_url: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Whether this receipt is money that we got.
    Receipt(String),
    /// What became of the refund with this [`RefundReport::provider_ref`].
    Refund(String),
}

/// What a provider says later, at the address of what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The ids that the request was given.
    pub ids: Vec<String>,
    pub found: Answered,
    /// The provider refused the credentials; another try may lock them.
    pub locked_out: bool,
    pub said: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// What became of a refund.
    Refund(RefundFound),
    /// The transaction that was asked after was done.
    Done { receipt: String, amount: Money },
    /// It was done, and taken back since.
    TakenBack { receipt: String },
    /// It was never done, or the provider does not know it.
    NotDone,
    /// No answer: what was asked stays as unknown as it was.
    Nothing,
}

/// Why a hook is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    #[error("{0}")]
    NotVerified(String),
    #[error("the body cannot be read: {0}")]
    Unreadable(String),
}

/// What to do after a call that did not bring what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The provider says no; nothing was taken.
    #[error("declined: {}", .0.message)]
    Declined(Failure),
    /// Our settings are wrong; staff must act. Nothing was taken.
    #[error("misconfigured: {0}")]
    Misconfigured(String),
    /// Not processed; a new try is safe.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Perhaps processed; only asking tells (R4).
    #[error("unknown: {0}")]
    Unknown(String),
}

impl ProviderError {
    /// The failure that an attempt ends with, unless its outcome is unknown.
    pub fn failure(&self) -> Option<Failure> {
        let (code, message) = match self {
            Self::Declined(failure) => return Some(failure.clone()),
            Self::Misconfigured(m) => (FailureCode::ProviderMisconfigured, m),
            Self::Unavailable(m) => (FailureCode::ProviderUnavailable, m),
            Self::Unknown(_) => return None,
        };
        Some(Failure {
            code,
            message: message.clone(),
        })
    }
}

/// The operator's addresses of the providers, for tests and the simulator.
#[derive(Clone, Debug, Default)]
pub struct BaseUrls(Arc<BTreeMap<(String, Mode), String>>);

impl BaseUrls {
    pub fn new(overrides: BTreeMap<(String, Mode), String>) -> Self {
        Self(Arc::new(overrides))
    }

    /// Where calls of this provider and mode go.
    pub fn of(&self, info: &'static ProviderInfo, mode: Mode) -> &str {
        self.replaced(info.name, mode).unwrap_or(match mode {
            Mode::Test => info.test_url,
            Mode::Live => info.live_url,
        })
    }

    /// The operator's address, where one is set.
    pub fn replaced(&self, provider: &str, mode: Mode) -> Option<&str> {
        self.0.get(&(provider.to_owned(), mode)).map(String::as_str)
    }
}

/// The table row of a currency, or the refusal that names the field.
///
/// # Errors
/// `currency` for one that the provider does not take, `amount` outside its limits or unit.
pub fn check_amount(info: &ProviderInfo, amount: Money) -> Result<&CurrencyRule, InputProblem> {
    let refuse = |field, code, message| {
        Err(InputProblem {
            field,
            code,
            message,
        })
    };
    let Some(rule) = info.rule(amount.currency) else {
        let message = format!("{} does not take {}", info.label, amount.currency);
        return refuse("currency", "currency_not_supported", message);
    };
    let limit = |minor| Money::new(minor, amount.currency);
    if amount.minor < rule.min_minor {
        let message = format!("{} takes at least {}", info.label, limit(rule.min_minor));
        return refuse("amount", "amount_too_small", message);
    }
    if rule.max_minor.is_some_and(|max| amount.minor > max) {
        let most = limit(rule.max_minor.unwrap_or_default());
        return refuse(
            "amount",
            "amount_too_large",
            format!("{} takes at most {most}", info.label),
        );
    }
    if amount.minor % rule.step_minor != 0 {
        let message = format!(
            "{} takes only multiples of {}",
            info.label,
            limit(rule.step_minor)
        );
        return refuse("amount", "amount_not_representable", message);
    }
    Ok(rule)
}

/// Whether `currency` is among those that the provider takes.
pub fn takes(info: &ProviderInfo, currency: Currency) -> bool {
    info.rule(currency).is_some()
}

/// Refuses a method that the provider does not have, and then what [`check_amount`] refuses.
///
/// # Errors
/// `method`, `currency` or `amount`.
pub fn check_basics(info: &ProviderInfo, req: &StartPayment) -> Result<(), InputProblem> {
    let Some(method) = info.method(req.method) else {
        let message = format!("{} has no method {}", info.label, req.method.as_str());
        return Err(InputProblem::new("method", "method_not_supported", message));
    };
    let currency = req.amount.currency;
    if !method.currencies.is_empty() && !method.currencies.contains(&currency.code()) {
        let message = format!("{} takes no {currency} this way", info.label);
        return Err(InputProblem::new(
            "method",
            "method_not_for_currency",
            message,
        ));
    }
    check_amount(info, req.amount).map(|_| ())
}
