//! A provider inside the program, for trying things out: every outcome by choice, no network.
//!
//! - An amount whose minor units end in 13 is declined at the start; one that ends in 99 gets no
//!   answer (unknown), and asking then says that it was never received.
//! - Any other start leads to `/pay/mock/{reference}`, whose page stores the chosen outcome as the
//!   payment's `provider_ref`: `paid`, `declined`, `cancelled`, `expired`, `processing`, or
//!   `wrong_amount` (one minor unit too much). Until then it is `open`.
//! - A refund succeeds at once, unless its reason contains "refund fails".
use super::{
    Account, Call, Charge, CurrencyRule, Flow, Found, HookKind, InputProblem, MethodInfo,
    PaymentProvider, PaymentRef, PollSchedule, ProviderError, ProviderInfo, RefundFound,
    RefundReport, RefundSupport, Report, StartPayment, StartRefund, Started, check_basics,
};
use crate::domain::Money;
use crate::domain::method::Method;
use crate::domain::payment::{Failure, FailureCode, PaymentStatus};
use async_trait::async_trait;

pub struct Mock;

static INFO: ProviderInfo = ProviderInfo {
    name: "mock",
    label: "Mock",
    monogram: "Mo",
    test_url: "",
    live_url: "",
    page_origins: &[],
    methods: &[MethodInfo {
        method: Method::Mock,
        flow: Flow::Redirect,
        needs_phone: false,
        needs_email: false,
        currencies: &[],
        countries: &[],
    }],
    currencies: &[CurrencyRule::new("*", 1)],
    credentials: &[],
    options: &[],
    hook: HookKind::None,
    secret_headers: &[],
    sources: &[],
    registers_hooks: false,
    refunds: RefundSupport::Partial,
    refund_may_fail_days: 0,
    poll: PollSchedule::REDIRECT,
    attempt_secs: 3_600,
    test_only: true,
    test_instruments: &[],
};

fn failure(code: FailureCode) -> Failure {
    let message = format!("the mock was told: {}", code.as_str());
    Failure { code, message }
}

/// What a chosen outcome means; a word that the page does not write leaves the payment open.
fn outcome(chosen: &str, of: &PaymentRef) -> Found {
    let charge = |minor| {
        Found::Succeeded(Charge {
            amount: Money::new(minor, of.amount.currency),
            asked: None,
            payer_may_bear_fee: false,
            reference: Some(of.reference.clone()),
            test_mode: Some(true),
        })
    };
    match chosen {
        "paid" => charge(of.amount.minor),
        "wrong_amount" => charge(of.amount.minor.saturating_add(1)),
        "declined" => Found::Failed(failure(FailureCode::Declined)),
        "cancelled" => Found::Cancelled(failure(FailureCode::CancelledByCustomer)),
        "expired" => Found::Expired(failure(FailureCode::Expired)),
        "processing" => Found::Open(PaymentStatus::Processing),
        _ => Found::Open(PaymentStatus::RequiresAction),
    }
}

#[async_trait]
impl PaymentProvider for Mock {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, _: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)
    }

    async fn start(&self, _: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        match req.amount.minor % 100 {
            13 => Err(ProviderError::Declined(failure(FailureCode::Declined))),
            99 => Err(ProviderError::Unknown("no answer came".to_owned())),
            _ => Ok(Started::redirect(
                "open".to_owned(),
                format!("/pay/mock/{}", req.reference),
                "The customer chooses the outcome.".to_owned(),
            )),
        }
    }

    async fn fetch(&self, _: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        let Some(chosen) = of.provider_ref.as_deref() else {
            return Ok(Report::new(Found::Missing, "never received"));
        };
        let found = outcome(chosen, of);
        let paid = matches!(found, Found::Succeeded(_));
        Ok(Report {
            provider_ref: Some(chosen.to_owned()),
            receipt: paid.then(|| format!("MOCK-{}", of.reference)),
            ..Report::new(found, chosen)
        })
    }

    async fn refund(&self, _: &Call<'_>, req: &StartRefund) -> Result<RefundReport, ProviderError> {
        let fails = req.reason.contains("refund fails");
        Ok(RefundReport {
            found: if fails {
                RefundFound::Failed(failure(FailureCode::Declined))
            } else {
                RefundFound::Succeeded
            },
            provider_ref: Some(format!("mock-{}", req.reference)),
            said: "The mock refunds at once.".to_owned(),
        })
    }

    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        self.refund(call, of).await
    }

    async fn self_test(&self, _: &Call<'_>) -> Result<String, ProviderError> {
        Ok("The mock needs no credentials and takes no money.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::testing::{Bench, account, money, ref_of, refund_of, start_of};
    use axum::Router;

    #[tokio::test]
    async fn every_trigger_does_what_the_top_of_this_file_says() {
        let bench = Bench::new(account(&[]), Router::new()).await;
        let call = bench.call();
        let start = |minor| start_of(money(minor, "KES"), Method::Mock);
        let declined = Mock.start(&call, &start(1_013)).await.unwrap_err();
        assert!(matches!(declined, ProviderError::Declined(_)));
        let unknown = Mock.start(&call, &start(1_099)).await.unwrap_err();
        assert!(unknown.failure().is_none(), "R4: unknown is no failure");
        let started = Mock.start(&call, &start(1_000)).await.unwrap();
        assert_eq!(started.provider_ref.as_deref(), Some("open"));

        let mut of = ref_of(money(1_000, "KES"), Method::Mock);
        for (chosen, word) in [
            (None, "missing"),
            (Some("open"), "open"),
            (Some("processing"), "open"),
            (Some("paid"), "1000"),
            (Some("wrong_amount"), "1001"),
            (Some("declined"), "failed"),
            (Some("cancelled"), "cancelled"),
            (Some("expired"), "expired"),
        ] {
            of.provider_ref = chosen.map(str::to_owned);
            let report = Mock.fetch(&call, &of).await.unwrap();
            let got = match report.found {
                Found::Missing => "missing".to_owned(),
                Found::Open(_) => "open".to_owned(),
                Found::Succeeded(charge) => charge.amount.minor.to_string(),
                Found::Failed(_) => "failed".to_owned(),
                Found::Cancelled(_) => "cancelled".to_owned(),
                Found::Expired(_) => "expired".to_owned(),
            };
            assert_eq!(got, word, "{chosen:?}");
        }

        let mut back = refund_of(money(400, "KES"), of);
        let report = Mock.refund(&call, &back).await.unwrap();
        assert_eq!(report.found, RefundFound::Succeeded);
        back.reason = "the refund fails here".to_owned();
        let report = Mock.fetch_refund(&call, &back).await.unwrap();
        assert!(matches!(report.found, RefundFound::Failed(_)));
    }
}
