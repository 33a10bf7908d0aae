//! M-Pesa (Safaricom Daraja): the prompt on the phone (`stk`), paybill and till by hand (`c2b`),
//! and what needs an API operator, reversals and transaction status (`operator`). Nothing that
//! Safaricom calls us with is signed; `services` ask before they believe (R5).
//! Facts: Daraja portal, pages Authorization, M-Pesa Express, Customer To Business, Reversal,
//! Transaction Status, and the result codes.
use super::{
    Account, BillPayment, Call, CurrencyRule, Field, Flow, Found, HookError, HookKind, HookReading,
    InputProblem, Inquiry, MethodInfo, PaymentProvider, PaymentRef, PollSchedule, ProviderError,
    ProviderInfo, RawHook, RefundReport, RefundSupport, Registered, Report, StartPayment,
    StartRefund, Started, TestInstrument, TestOutcome, Verdict, check_basics,
};
use crate::domain::method::Method;
use crate::domain::payment::PaymentStatus;
use async_trait::async_trait;

mod c2b;
mod credential;
mod operator;
mod stk;
#[cfg(test)]
mod tests;
mod wire;

pub struct Mpesa;

const fn simulated(
    number: &'static str,
    detail: &'static str,
    outcome: TestOutcome,
) -> TestInstrument {
    TestInstrument {
        number,
        detail,
        outcome,
        simulator_only: true,
    }
}

static INFO: ProviderInfo = ProviderInfo {
    name: "mpesa",
    label: "M-Pesa",
    monogram: "Mp",
    test_url: "https://sandbox.safaricom.co.ke",
    live_url: "https://api.safaricom.co.ke",
    page_origins: &[],
    methods: &[
        MethodInfo {
            method: Method::StkPush,
            flow: Flow::PhonePrompt,
            needs_phone: true,
            needs_email: false,
            currencies: &[],
            countries: &["KE"],
        },
        MethodInfo {
            method: Method::Paybill,
            flow: Flow::Instructions,
            needs_phone: false,
            needs_email: false,
            currencies: &[],
            countries: &[],
        },
    ],
    // Whole shillings, up to KES 250,000 at once.
    currencies: &[CurrencyRule {
        code: "KES",
        min_minor: 100,
        max_minor: Some(25_000_000),
        step_minor: 100,
    }],
    credentials: &[
        Field::secret(
            "consumer_key",
            "Consumer key",
            "Daraja portal, My Apps, your app.",
        ),
        Field::secret(
            "consumer_secret",
            "Consumer secret",
            "Beside the consumer key.",
        ),
        Field::plain(
            "shortcode",
            "Business short code",
            "The paybill number; for a till, the head office or store number. Sandbox: 174379.",
        ),
        Field::secret(
            "passkey",
            "Passkey",
            "Mailed by Safaricom after Go-Live; the sandbox's is on the portal.",
        ),
        Field::plain(
            "transaction_type",
            "Paybill or till",
            "What the short code is. Without a choice: paybill.",
        )
        .choices(&["paybill", "till"])
        .optional(),
        Field::plain(
            "till_number",
            "Till number",
            "For a till: the number that customers pay to.",
        )
        .optional(),
        Field::plain(
            "initiator_name",
            "Initiator name",
            "API operator of the organisation portal, with the roles for reversals and transaction \
             status. With it refunds are sent, and what is paid by hand is asked after.",
        )
        .optional(),
        Field::secret(
            "initiator_password",
            "Initiator password",
            "The operator's password. It is encrypted for Safaricom at each call.",
        )
        .optional(),
        Field::secret(
            "security_credential",
            "Security credential",
            "Instead of the password: the ready-made credential from the portal.",
        )
        .optional(),
        Field::plain(
            "certificate",
            "Safaricom's certificate",
            "Only where Safaricom has replaced the key of this mode that is built in: the \
             certificate or public key in PEM form.",
        )
        .optional()
        .long(),
    ],
    options: &[Field::plain(
        "paybill",
        "Paybill or till by hand",
        "Offers instructions to pay by menu or *334#. Payments are seen by themselves once the \
         addresses are registered.",
    )
    .choices(&["on", "off"])
    .optional()],
    hook: HookKind::Hint,
    secret_headers: &[],
    // Daraja documentation, "Going live": the gateways that send callbacks.
    sources: &[
        "196.201.214.200",
        "196.201.214.206",
        "196.201.214.207",
        "196.201.214.208",
        "196.201.213.114",
        "196.201.213.44",
        "196.201.212.127",
        "196.201.212.138",
        "196.201.212.129",
        "196.201.212.136",
        "196.201.212.74",
        "196.201.212.69",
    ],
    registers_hooks: true,
    // Whole reversals where an initiator is set: see `refunds`.
    refunds: RefundSupport::ByHand,
    refund_may_fail_days: 0,
    poll: PollSchedule::PROMPT,
    attempt_secs: 300,
    test_only: false,
    test_instruments: &[
        simulated("0712 345 678", "", TestOutcome::Paid),
        simulated("0712 340 001", "", TestOutcome::WrongPin),
        simulated("0712 340 002", "", TestOutcome::InsufficientFunds),
        simulated("0712 340 003", "", TestOutcome::Cancelled),
        simulated("0712 340 004", "", TestOutcome::Unreachable),
        TestInstrument {
            number: "254708374149",
            detail: "",
            outcome: TestOutcome::NeverAnswers,
            simulator_only: false,
        },
    ],
};

#[async_trait]
impl PaymentProvider for Mpesa {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, account: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)?;
        if req.method == Method::Paybill {
            return c2b::check(account);
        }
        let refuse = |code, message| Err(InputProblem::new("phone", code, message));
        match req.phone.as_deref().map(stk::msisdn) {
            None => refuse("phone_required", "M-Pesa needs the payer's phone number"),
            Some(None) => refuse("phone_invalid", "this is no Kenyan mobile number"),
            Some(Some(_)) => Ok(()),
        }
    }

    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        if req.method == Method::Paybill {
            c2b::instructions(call.account, req)
        } else {
            stk::push(call, req).await
        }
    }

    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        if of.method == Method::Paybill {
            let found = Found::Open(PaymentStatus::RequiresAction);
            return Ok(Report::new(found, "Safaricom tells it once it is paid."));
        }
        stk::fetch(call, of).await
    }

    async fn refund(
        &self,
        call: &Call<'_>,
        req: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        operator::reverse(call, req).await
    }

    /// The result comes to the refund's own address, as [`super::HookAbout::Answer`]; what became
    /// of it without one is an [`Inquiry`].
    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        if of.provider_ref.is_none()
            && self.refunds(call.account, &of.payment) == RefundSupport::ByHand
        {
            return Ok(operator::by_hand());
        }
        Err(wire::unknown("the result of the reversal has not come yet"))
    }

    fn refunds(&self, account: &Account, of: &PaymentRef) -> RefundSupport {
        if operator::is_set(account) && of.receipt.is_some() {
            RefundSupport::FullOnly
        } else {
            RefundSupport::ByHand
        }
    }

    fn read(&self, account: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
        let path = raw.path_reference.as_str();
        let Ok(body) = serde_json::from_slice(&raw.body) else {
            // The body of a queue's timeout is not documented.
            return operator::answer(&serde_json::Value::Null, path);
        };
        match path {
            c2b::CONFIRMATION => c2b::confirmation(account, &body),
            c2b::VALIDATION => c2b::validation(&body),
            _ if path.contains('/') || body.get("Result").is_some() => {
                operator::answer(&body, path)
            }
            _ => stk::callback(&body, raw),
        }
    }

    fn question(&self, account: &Account, raw: &RawHook) -> Result<Option<BillPayment>, HookError> {
        if raw.path_reference != c2b::VALIDATION {
            return Ok(None);
        }
        let body = serde_json::from_slice(&raw.body).unwrap_or_default();
        c2b::bill(account, &body).map(Some)
    }

    fn verdict(&self, verdict: Verdict) -> &'static str {
        c2b::verdict(verdict)
    }

    fn takes_bills(&self) -> bool {
        true
    }

    fn answers_later(&self) -> bool {
        true
    }

    async fn inquire(
        &self,
        call: &Call<'_>,
        of: &Inquiry,
    ) -> Result<Option<Vec<String>>, ProviderError> {
        operator::inquire(call, of).await
    }

    async fn register_hooks(
        &self,
        call: &Call<'_>,
        hook_url: &str,
    ) -> Result<Registered, ProviderError> {
        c2b::register(call, hook_url).await
    }

    /// Daraja discards what is not answered like this.
    fn hook_reply(&self) -> &'static str {
        r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#
    }

    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        wire::plain(call.account, "shortcode")?;
        wire::plain(call.account, "passkey")?;
        let operator = operator::self_test(call.account)?;
        let _guard = call.tokens.guard().await;
        wire::fresh_token(call).await?;
        Ok(format!(
            "Safaricom gave an access token: consumer_key and consumer_secret are right. Only a \
             first prompt proves shortcode and passkey. {operator}"
        ))
    }
}
