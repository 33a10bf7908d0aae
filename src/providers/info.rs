//! The capability table: what each provider can do. Forms, the checkout's choice, the banner and
//! the conformance tests follow from it.
use crate::domain::Currency;
use crate::domain::method::Method;

/// One row of the capability table.
pub struct ProviderInfo {
    /// The name in the database, the API and addresses.
    pub name: &'static str,
    /// As people know it.
    pub label: &'static str,
    /// Two letters for the grey monogram.
    pub monogram: &'static str,
    pub test_url: &'static str,
    pub live_url: &'static str,
    /// Origins of the pages that a customer is led to, for the CSP's `form-action`.
    pub page_origins: &'static [&'static str],
    /// Best first; the first is taken where the API leaves the method out.
    pub methods: &'static [MethodInfo],
    pub currencies: &'static [CurrencyRule],
    pub credentials: &'static [Field],
    pub options: &'static [Field],
    pub hook: HookKind,
    /// Lower-case names of request headers that carry a secret: they are never kept.
    pub secret_headers: &'static [&'static str],
    /// The addresses from which the provider says that it calls, or networks (`185.0.2.0/28`).
    /// Empty where it publishes none.
    pub sources: &'static [&'static str],
    /// Whether our hook address can be registered by a call.
    pub registers_hooks: bool,
    pub refunds: RefundSupport,
    /// For so many days a refund that succeeded may still be reported as failed; 0 where success is
    /// the end.
    pub refund_may_fail_days: i64,
    pub poll: PollSchedule,
    /// How long a customer has for one attempt.
    pub attempt_secs: i64,
    /// Real money is never taken: the account is always in test mode.
    pub test_only: bool,
    pub test_instruments: &'static [TestInstrument],
}

impl ProviderInfo {
    pub fn rule(&self, currency: Currency) -> Option<&CurrencyRule> {
        self.currencies
            .iter()
            .find(|r| r.code == currency.code() || r.code == "*")
    }

    pub fn method(&self, method: Method) -> Option<&'static MethodInfo> {
        self.methods.iter().find(|m| m.method == method)
    }

    pub fn credential(&self, name: &str) -> Option<&'static Field> {
        self.credentials.iter().find(|f| f.name == name)
    }

    /// The options of the settings form: the provider's own, and those that many have.
    pub fn options(&self) -> impl Iterator<Item = &'static Field> {
        let sources = (!self.sources.is_empty()).then_some(&HOOK_SOURCES);
        let fees = if self.may_add_fee() { &FEES[..] } else { &[] };
        self.options.iter().chain(sources).chain(fees)
    }

    /// Whether customers may bear a fee of the provider: it takes real money by means of its own.
    fn may_add_fee(&self) -> bool {
        !self.test_only && self.methods.iter().any(|m| m.flow != Flow::Instructions)
    }

    pub fn option(&self, name: &str) -> Option<&'static Field> {
        self.options().find(|f| f.name == name)
    }
}

/// A way to pay through this provider.
pub struct MethodInfo {
    pub method: Method,
    pub flow: Flow,
    /// The customer must give a phone number.
    pub needs_phone: bool,
    /// The provider insists on an e-mail; the tenant's fallback serves too.
    pub needs_email: bool,
    /// The currencies it works in; empty for all that the provider takes.
    pub currencies: &'static [&'static str],
    /// ISO 3166 codes of the countries whose phone numbers it can prompt; empty for any.
    pub countries: &'static [&'static str],
}

/// What the customer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Redirect,
    PhonePrompt,
    Instructions,
}

/// A currency with its limits and unit, in our minor units. `*` stands for every currency.
pub struct CurrencyRule {
    pub code: &'static str,
    pub min_minor: i64,
    pub max_minor: Option<i64>,
    /// Amounts must be multiples of this.
    pub step_minor: i64,
}

impl CurrencyRule {
    pub const fn new(code: &'static str, min_minor: i64) -> Self {
        Self {
            code,
            min_minor,
            max_minor: None,
            step_minor: 1,
        }
    }
}

/// A credential or an option of the settings form.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of the field, read by its name in the tables"
)]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    /// Where to find it, or what it does.
    pub help: &'static str,
    pub required: bool,
    /// Sealed, and shown as a fingerprint alone.
    pub secret: bool,
    /// Without it every hook is refused, and what happened is found by asking.
    pub proves_hooks: bool,
    /// Several lines.
    pub long: bool,
    /// What a value of each mode starts with, where the provider marks it.
    pub test_prefix: Option<&'static str>,
    pub live_prefix: Option<&'static str>,
    /// The only values taken; empty for any.
    pub choices: &'static [&'static str],
}

impl Field {
    pub const fn secret(name: &'static str, label: &'static str, help: &'static str) -> Self {
        Self {
            name,
            label,
            help,
            required: true,
            secret: true,
            proves_hooks: false,
            long: false,
            test_prefix: None,
            live_prefix: None,
            choices: &[],
        }
    }

    pub const fn plain(name: &'static str, label: &'static str, help: &'static str) -> Self {
        Self {
            secret: false,
            ..Self::secret(name, label, help)
        }
    }

    #[must_use]
    pub const fn optional(self) -> Self {
        Self {
            required: false,
            ..self
        }
    }

    /// Optional: payments are found by asking where it is missing.
    #[must_use]
    pub const fn proves_hooks(self) -> Self {
        Self {
            proves_hooks: true,
            required: false,
            ..self
        }
    }

    #[must_use]
    pub const fn long(self) -> Self {
        Self { long: true, ..self }
    }

    #[must_use]
    pub const fn prefixes(self, test: &'static str, live: &'static str) -> Self {
        Self {
            test_prefix: Some(test),
            live_prefix: Some(live),
            ..self
        }
    }

    #[must_use]
    pub const fn choices(self, choices: &'static [&'static str]) -> Self {
        Self { choices, ..self }
    }
}

/// The option that takes hooks from the provider's published addresses alone.
pub static HOOK_SOURCES: Field = Field::plain(
    "hook_sources",
    "Who may call",
    "Published: hooks are taken only from the addresses that the provider publishes. Behind a \
     reverse proxy the program must know the proxy (MALIPO_TRUSTED_PROXIES).",
)
.choices(&["any", "published"])
.optional();

/// The options that say what the provider adds at its own page where the payer bears the fee.
pub static FEES: [Field; 2] = [
    Field::plain(
        FEE_PERCENT,
        "Fee, in percent",
        "Only where the payer bears the provider's fee at the provider's own page: the checkout \
         shows it beforehand. For example 1.5. Nothing more is asked for by this program.",
    )
    .optional(),
    Field::plain(
        FEE_FIXED,
        "Fee, fixed",
        "The part that does not depend on the amount, in the shop's own currency.",
    )
    .optional(),
];
pub const FEE_PERCENT: &str = "fee_percent";
pub const FEE_FIXED: &str = "fee_fixed";

/// The option that lets hooks in the form of older shops in. They are hints, whatever they carry.
pub const LEGACY_HOOKS: Field = Field::plain(
    "legacy_hooks",
    "Hooks of older shops",
    "Also takes hooks in the form that older shop systems expected. They only make us ask.",
)
.choices(&["off", "on"])
.optional();

/// How far a provider's hooks can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookKind {
    /// A signature over the body: believed, after R6.
    Signed,
    /// Nothing that proves the sender: a hint to ask (R5).
    Hint,
    /// The provider calls an API of ours and is answered out of our books (Payme).
    MerchantApi,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundSupport {
    Partial,
    FullOnly,
    /// Nothing here can send it; the sentence says where it is done.
    Elsewhere(&'static str),
    /// A person pays it back and records it.
    ByHand,
}

/// When the provider is asked although no hook came (R13), in seconds after the start.
#[derive(Clone, Copy, Debug)]
pub struct PollSchedule {
    pub first_secs: i64,
    /// `false` where there is nobody to ask: only people move the payment.
    pub asks: bool,
}

impl PollSchedule {
    pub const PROMPT: Self = Self {
        first_secs: 10,
        asks: true,
    };
    pub const REDIRECT: Self = Self {
        first_secs: 20,
        asks: true,
    };
    pub const NOBODY: Self = Self {
        first_secs: 0,
        asks: false,
    };

    /// Seconds until the next question, after `polls` of them and at this age of the attempt:
    /// growing distances, at most five minutes apart in the first hour, then an hour.
    pub fn next_secs(self, polls: i64, age_secs: i64) -> i64 {
        if age_secs >= 3_600 {
            return 3_600;
        }
        let doublings = u32::try_from((polls - 2).clamp(0, 6)).unwrap_or(6);
        (self.first_secs << doublings).min(300)
    }
}

/// Something documented to pay with in test mode.
pub struct TestInstrument {
    /// The card or phone number as it is typed.
    pub number: &'static str,
    /// CVV, PIN, OTP.
    pub detail: &'static str,
    pub outcome: TestOutcome,
    /// Only in the simulator, not at the provider's own sandbox.
    pub simulator_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestOutcome {
    Paid,
    Declined,
    InsufficientFunds,
    WrongPin,
    Cancelled,
    Unreachable,
    NeverAnswers,
    /// Paid after a step on the bank's page or a code by SMS.
    PaidAfterCheck,
    Expired,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r13_questions_grow_apart_and_the_truth_is_asked_within_a_minute() {
        for schedule in [PollSchedule::PROMPT, PollSchedule::REDIRECT] {
            let (mut age, mut polls, mut asked) = (schedule.first_secs, 1, vec![]);
            while age < 3_600 {
                asked.push(age);
                let step = schedule.next_secs(polls, age);
                assert!((1..=300).contains(&step));
                age += step;
                polls += 1;
            }
            assert!(asked.iter().filter(|a| **a <= 60).count() >= 2, "{asked:?}");
        }
    }
}
