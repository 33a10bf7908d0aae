//! Payme (Paycom, Uzbekistan): the checkout link and its Merchant API, or Subscribe receipts. Its
//! wire alone. In merchant mode Payme calls us: what it asks is read in `merchant_api`, and
//! `services::payme` answers out of our books.
//! Facts: developer.help.paycom.uz (Merchant API, Subscribe API, sandbox).
use super::{
    Account, Call, CurrencyRule, Field, Flow, Found, HookAbout, HookError, HookKind, HookProof,
    HookReading, InputProblem, LEGACY_HOOKS, MethodInfo, PaymentProvider, PaymentRef, PollSchedule,
    ProviderError, ProviderInfo, RawHook, RefundReport, RefundSupport, Report, StartPayment,
    StartRefund, Started, TestInstrument, TestOutcome, check_basics,
};
use crate::domain::Timestamp;
use crate::domain::account::Mode;
use crate::domain::method::Method;
use crate::domain::payment::{FailureCode, NextAction, PaymentStatus};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

mod legacy;
pub mod merchant_api;
mod receipts;
#[cfg(test)]
mod tests;

pub use legacy::is_legacy;

pub struct Payme;

/// The API's hosts; the customer's pages have one of their own in test mode.
const TEST_URL: &str = "https://checkout.test.paycom.uz";
const LIVE_URL: &str = "https://checkout.paycom.uz";
const TEST_PAGES: &str = "https://test.paycom.uz";

/// The account field where the merchant configured no other name in the cabinet.
const ACCOUNT_FIELD: &str = "order_id";

/// Where a payment by the Merchant API is given back.
const IN_THE_CABINET: &str = "Payme's Merchant API has no call for refunds. Give the payment back \
    in the Payme cabinet (merchant.paycom.uz, Receipts, Cancel): Payme then tells us, and the \
    refund is booked here by itself.";

const fn card(number: &'static str, outcome: TestOutcome) -> TestInstrument {
    TestInstrument {
        number,
        detail: "03/99, SMS code 666666",
        outcome,
        simulator_only: false,
    }
}

static INFO: ProviderInfo = ProviderInfo {
    name: "payme",
    label: "Payme",
    monogram: "Py",
    test_url: TEST_URL,
    live_url: LIVE_URL,
    page_origins: &[TEST_PAGES, LIVE_URL],
    methods: &[MethodInfo {
        method: Method::Payme,
        flow: Flow::Redirect,
        needs_phone: false,
        needs_email: false,
        currencies: &["UZS"],
        countries: &[],
    }],
    // Tiyin are our minor units. Limits are set for each kassa and published nowhere.
    currencies: &[CurrencyRule::new("UZS", 1)],
    credentials: &[
        Field::plain(
            "merchant_id",
            "Merchant id",
            "Payme cabinet, the kassa's settings, Developer tools: 24 characters.",
        ),
        Field::secret(
            "secret_key",
            "Key",
            "On the same page: KEY for live, TEST_KEY for test.",
        ),
        Field::plain(
            "account_field",
            "Account field",
            "The name of the account field that the kassa was given in the cabinet. \
             Left empty: order_id.",
        )
        .optional(),
        Field::secret(
            "legacy_secret",
            "Secret of older hooks",
            "Only with hooks of older shops: signs them (X-Auth-Signature).",
        )
        .optional(),
    ],
    options: &[
        Field::plain(
            "integration",
            "Integration",
            "merchant: the checkout link, and Payme calls our endpoint. receipts: we make a \
             receipt by the Subscribe API and ask after it.",
        )
        .choices(&["merchant", "receipts"])
        .optional(),
        LEGACY_HOOKS,
    ],
    hook: HookKind::MerchantApi,
    secret_headers: &["authorization"],
    // 185.234.113.1 to 185.234.113.15. Whether the sandbox calls from there is not documented.
    sources: &["185.234.113.0/28"],
    registers_hooks: false,
    refunds: RefundSupport::Elsewhere(IN_THE_CABINET),
    refund_may_fail_days: 0,
    poll: PollSchedule::REDIRECT,
    // A transaction of the Merchant API lives as long.
    attempt_secs: 43_200,
    test_only: false,
    // Source: the sandbox page, "test cards".
    test_instruments: &[
        card("8600 4954 7331 6478", TestOutcome::PaidAfterCheck),
        card("8600 0691 9540 6311", TestOutcome::PaidAfterCheck),
        // The SMS service is not connected to it.
        card("8600 0609 2109 0842", TestOutcome::Declined),
        card("3333 3364 1580 4657", TestOutcome::Expired),
        // Blocked.
        card("4444 4459 8745 9073", TestOutcome::Declined),
        // A system error.
        card("8600 1434 1777 0323", TestOutcome::Declined),
        // An error, after ten seconds.
        card("8600 1343 0184 9596", TestOutcome::Declined),
    ],
};

/// Whether this account works with Subscribe receipts.
fn by_receipts(account: &Account) -> bool {
    account.option("integration") == Some("receipts")
}

/// Whether this payment was made as a receipt: only those have an id of Payme's from the start,
/// whatever the account is set to now.
fn is_receipt(account: &Account, of: &PaymentRef) -> bool {
    of.provider_ref.is_some() || by_receipts(account)
}

/// The name of the account field whose value names the payment.
pub fn account_field(account: &Account) -> &str {
    let set = account.credentials.get("account_field");
    set.map(|f| f.expose_secret().trim())
        .filter(|f| !f.is_empty())
        .unwrap_or(ACCOUNT_FIELD)
}

/// A value that can stand in the link, whose parts are set apart by `;` and `=`.
fn plain_name(value: &str) -> bool {
    !value.is_empty()
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// The account's merchant id and account field, refused before any call where they cannot be sent.
fn names(account: &Account) -> Result<(&str, &str), ProviderError> {
    let merchant = account.credential("merchant_id")?.expose_secret().trim();
    let field = account_field(account);
    for (name, value) in [("merchant_id", merchant), ("account_field", field)] {
        if !plain_name(value) {
            let message = format!("{name} may hold letters, digits, _ and - alone");
            return Err(ProviderError::Misconfigured(message));
        }
    }
    Ok((merchant, field))
}

/// Where the customer's pages are. The operator's address stands for both of Payme's hosts.
fn pages<'a>(call: &Call<'a>) -> &'a str {
    if call.account.mode == Mode::Test && call.base_url == TEST_URL {
        TEST_PAGES
    } else {
        call.base_url
    }
}

/// Payme's pages speak Russian, Uzbek and English.
fn language(wanted: &str) -> &'static str {
    match wanted.split('-').next() {
        Some("ru") => "ru",
        Some("uz") => "uz",
        _ => "en",
    }
}

/// What the link carries, in the order of the documentation. `cr` is left out for UZS.
/// Source: "Otpravka cheka po metodu GET".
fn parameters(merchant: &str, field: &str, req: &StartPayment) -> Result<String, ProviderError> {
    // The value may not end its part; nothing of ours has a semicolon.
    let back = req.return_url.replace(';', "%3B");
    if !plain_name(&req.payment_id) || !back.is_ascii() {
        let message = "the link cannot carry the payment's id or the return address";
        return Err(ProviderError::Misconfigured(message.to_owned()));
    }
    let (id, tiyin, language) = (&req.payment_id, req.amount.minor, language(&req.language));
    Ok(format!(
        "m={merchant};ac.{field}={id};a={tiyin};l={language};c={back}"
    ))
}

#[async_trait]
impl PaymentProvider for Payme {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, _: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)
    }

    /// Merchant mode makes the link and calls nobody. The text is ASCII, so that its base64 holds
    /// no `+` or `/` but for a `?`, `>` or `~` in the return address; Payme documents no escaping.
    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        let (merchant, field) = names(call.account)?;
        if by_receipts(call.account) {
            return receipts::start(call, req, field, pages(call)).await;
        }
        let encoded = STANDARD.encode(parameters(merchant, field, req)?);
        Ok(Started {
            provider_ref: None,
            status: PaymentStatus::RequiresAction,
            next_action: NextAction::Redirect {
                url: format!("{}/{encoded}", pages(call)),
            },
            said: "The link to Payme's page was made; Payme asks us when the customer pays."
                .to_owned(),
        })
    }

    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        if is_receipt(call.account, of) {
            return receipts::fetch(call, of, account_field(call.account)).await;
        }
        // Nobody can be asked: what Payme told us is in our own books. An attempt whose start broke
        // off never reached the customer.
        let said = "Payme's Merchant API answers no questions; what Payme told us is booked";
        Ok(Report::new(Found::Missing, said))
    }

    fn refunds(&self, account: &Account, of: &PaymentRef) -> RefundSupport {
        if is_receipt(account, of) {
            RefundSupport::FullOnly
        } else {
            RefundSupport::Elsewhere(IN_THE_CABINET)
        }
    }

    async fn refund(
        &self,
        call: &Call<'_>,
        req: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        if !is_receipt(call.account, &req.payment) {
            return Ok(RefundReport::by_hand(IN_THE_CABINET));
        }
        if req.amount != req.payment.amount {
            let message = "Payme gives back whole payments alone";
            return Err(ProviderError::declined(FailureCode::NotRefundable, message));
        }
        receipts::refund(call, req).await
    }

    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        if !is_receipt(call.account, &of.payment) {
            return Ok(RefundReport::by_hand(IN_THE_CABINET));
        }
        receipts::fetch_refund(call, of).await
    }

    /// A link needs no end: a transaction for a payment that is over is refused.
    async fn close(&self, call: &Call<'_>, of: &PaymentRef) -> Result<(), ProviderError> {
        match &of.provider_ref {
            Some(receipt) => receipts::close(call, receipt).await,
            None => Ok(()),
        }
    }

    /// Hooks of older shops alone; the Merchant API's calls are answered elsewhere.
    fn verify(
        &self,
        account: &Account,
        raw: &RawHook,
        _: Timestamp,
    ) -> Result<HookProof, HookError> {
        legacy::verify(account, raw)
    }

    fn read(&self, _: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
        legacy::read(raw)
    }

    fn hook_reply(&self) -> &'static str {
        legacy::REPLY
    }

    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        let (merchant, field) = names(call.account)?;
        call.account.credential("secret_key")?;
        if by_receipts(call.account) {
            return receipts::self_test(call).await;
        }
        let page = match call.account.mode {
            Mode::Test => "the sandbox (test.paycom.uz) calls our endpoint and tries it",
            Mode::Live => "the first payment tries it",
        };
        Ok(format!(
            "Links can be made for merchant {merchant} with the account field {field}. The \
             Merchant API has no call that checks a key: {page}."
        ))
    }
}

/// An Uzbek number as Payme writes it: twelve digits. `None` for any other.
fn uz_phone(phone: &str) -> Option<&str> {
    let digits = phone.trim().trim_start_matches('+');
    let fits = digits.len() == 12
        && digits.starts_with("998")
        && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(digits)
}

/// For [`HookAbout::Nothing`].
fn nothing(why: &str) -> HookAbout {
    HookAbout::Nothing(why.to_owned())
}
