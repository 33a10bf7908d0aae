//! Payments by hand: the merchant's own instructions, then a proof that staff decide. Nobody is
//! called, so only people move such a payment.
use super::{
    Account, Call, Field, Flow, Found, HookKind, InputProblem, MethodInfo, PaymentProvider,
    PaymentRef, PollSchedule, ProviderError, ProviderInfo, RefundReport, RefundSupport, Report,
    StartPayment, StartRefund, Started, check_basics,
};
use crate::domain::method::Method;
use crate::domain::payment::{NextAction, PaymentStatus};
use async_trait::async_trait;

pub struct Manual;

/// How long a customer has to pay by hand and to send the proof.
const ATTEMPT_SECS: i64 = 14 * 86_400;

const fn by_hand(method: Method) -> MethodInfo {
    MethodInfo {
        method,
        flow: Flow::Instructions,
        needs_phone: false,
        needs_email: false,
        currencies: &[],
        countries: &[],
    }
}

static INFO: ProviderInfo = ProviderInfo {
    name: "manual",
    label: "Manual payment",
    monogram: "Ma",
    test_url: "",
    live_url: "",
    page_origins: &[],
    methods: &[
        by_hand(Method::BankTransfer),
        by_hand(Method::MobileMoney),
        by_hand(Method::CashOnDelivery),
    ],
    currencies: &[super::CurrencyRule::new("*", 1)],
    credentials: &[],
    options: &[
        Field::plain("bank_name", "Bank", "The bank that customers pay into.").optional(),
        Field::plain("bank_branch", "Branch", "Branch name or code.").optional(),
        Field::plain(
            "account_name",
            "Account name",
            "The holder, as the bank shows it to the payer.",
        )
        .optional(),
        Field::plain(
            "account_number",
            "Account number",
            "Account number or IBAN. Bank transfer is offered once this is set.",
        )
        .optional(),
        Field::plain(
            "bank_transfer_instructions",
            "Bank transfer: what to do",
            "Shown under the account, in your own words.",
        )
        .optional()
        .long(),
        Field::plain(
            "mobile_money_name",
            "Mobile money name",
            "The name that the payer sees before confirming.",
        )
        .optional(),
        Field::plain(
            "mobile_money_number",
            "Mobile money number",
            "Phone, till or paybill number. Mobile money is offered once this is set.",
        )
        .optional(),
        Field::plain(
            "mobile_money_instructions",
            "Mobile money: what to do",
            "Shown under the number, in your own words.",
        )
        .optional()
        .long(),
        Field::plain(
            "cash_instructions",
            "Cash on delivery: what to do",
            "For example: have the exact amount ready. May stay empty.",
        )
        .optional()
        .long(),
        Field::plain(
            "review_hours",
            "Hours until a proof is decided",
            "A whole number. Customers are told to expect an answer within this time.",
        )
        .optional(),
    ],
    hook: HookKind::None,
    secret_headers: &[],
    sources: &[],
    registers_hooks: false,
    refunds: RefundSupport::ByHand,
    refund_may_fail_days: 0,
    poll: PollSchedule::NOBODY,
    attempt_secs: ATTEMPT_SECS,
    test_only: false,
    test_instruments: &[],
};

#[async_trait]
impl PaymentProvider for Manual {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, account: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)?;
        let needed = match req.method {
            Method::BankTransfer => "account_number",
            Method::MobileMoney => "mobile_money_number",
            _ => return Ok(()),
        };
        match account.option(needed) {
            Some(_) => Ok(()),
            None => Err(InputProblem::new(
                "method",
                "method_not_configured",
                format!("the option {needed} is not set"),
            )),
        }
    }

    async fn start(&self, _: &Call<'_>, _: &StartPayment) -> Result<Started, ProviderError> {
        Ok(Started {
            provider_ref: None,
            status: PaymentStatus::RequiresAction,
            next_action: NextAction::Instructions,
            said: "The customer pays by hand and sends a proof.".to_owned(),
        })
    }

    async fn fetch(&self, _: &Call<'_>, _: &PaymentRef) -> Result<Report, ProviderError> {
        let found = Found::Open(PaymentStatus::RequiresAction);
        Ok(Report::new(found, "Nobody can be asked; a proof decides."))
    }

    async fn refund(&self, _: &Call<'_>, _: &StartRefund) -> Result<RefundReport, ProviderError> {
        Ok(RefundReport::by_hand("Pay it back by hand and record it."))
    }

    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        self.refund(call, of).await
    }

    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        let set = |name| call.account.option(name).is_some();
        let offered = |name, label| {
            let state = if set(name) { "set" } else { "not set" };
            format!("{label}: {state}")
        };
        Ok(format!(
            "Nobody is called. {}; {}; cash on delivery needs nothing.",
            offered("account_number", "bank account"),
            offered("mobile_money_number", "mobile money number")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::testing::{Bench, account, money, ref_of, refund_of, start_of};
    use crate::providers::{REGISTRY, RefundFound};
    use axum::Router;

    #[test]
    fn a_method_without_its_number_is_refused_and_cash_needs_none() {
        let mut ours = account(&[]);
        let ask = |method| start_of(money(5_000, "LKR"), method);
        for (method, option) in [
            (Method::BankTransfer, "account_number"),
            (Method::MobileMoney, "mobile_money_number"),
        ] {
            let problem = Manual.check(&ours, &ask(method)).unwrap_err();
            assert_eq!(problem.code, "method_not_configured");
            ours.options.insert(option.to_owned(), "0101".to_owned());
            assert_eq!(Manual.check(&ours, &ask(method)), Ok(()));
        }
        assert_eq!(Manual.check(&ours, &ask(Method::CashOnDelivery)), Ok(()));
        let card = Manual.check(&ours, &ask(Method::Card)).unwrap_err();
        assert_eq!(card.code, "method_not_supported");
    }

    #[tokio::test]
    async fn only_people_move_a_payment_by_hand() {
        let bench = Bench::new(account(&[]), Router::new()).await;
        let call = bench.call();
        let amount = money(5_000, "KES");
        let req = start_of(amount, Method::CashOnDelivery);
        let started = Manual.start(&call, &req).await.unwrap();
        assert_eq!(started.next_action, NextAction::Instructions);
        let of = ref_of(amount, Method::CashOnDelivery);
        let report = Manual.fetch(&call, &of).await.unwrap();
        assert_eq!(
            report.found,
            Found::Open(PaymentStatus::RequiresAction),
            "asking changes nothing"
        );
        let back = refund_of(amount, of);
        let report = Manual.refund(&call, &back).await.unwrap();
        assert_eq!(report.found, RefundFound::ByHand);
        assert!(Manual.self_test(&call).await.is_ok());
    }

    #[test]
    fn every_provider_of_the_registry_has_a_sound_row() {
        let mut names = std::collections::BTreeSet::new();
        let mut monograms = std::collections::BTreeSet::new();
        for info in REGISTRY.iter().map(|p| p.info()) {
            assert!(names.insert(info.name) && !info.methods.is_empty());
            assert_eq!(info.monogram.len(), 2, "{}", info.name);
            assert!(monograms.insert(info.monogram), "{}", info.name);
            assert!(info.attempt_secs >= 60);
            for rule in info.currencies {
                assert!(rule.min_minor > 0 && rule.step_minor > 0);
                assert_eq!(rule.min_minor % rule.step_minor, 0);
                let known = crate::domain::Currency::parse(rule.code).is_some();
                assert!(known || rule.code == "*", "{}", rule.code);
            }
            let fields = info.credentials.iter().chain(info.options);
            let unique: std::collections::BTreeSet<_> = fields.clone().map(|f| f.name).collect();
            assert_eq!(unique.len(), fields.count(), "{}", info.name);
        }
    }
}
