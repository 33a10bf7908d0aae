//! One home for what every state and flag is called, what it means and what staff do next.
//! The matches are exhaustive: a new state does not compile without its sentence.
use crate::domain::bill::{BillStatus, Unmatched};
use crate::domain::endpoint::{DeliveryStatus, DisabledWhy};
use crate::domain::entitlement::EntitlementStatus;
use crate::domain::hook::HookStatus;
use crate::domain::message::{Channel, Held, Message, MessageKind, MessageStatus, Topic};
use crate::domain::method::Method;
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::payment::{FailureCode, Flag, PaymentStatus};
use crate::domain::proof::{ProofStatus, ProofType};
use crate::domain::refund::RefundStatus;
use crate::domain::role::Role;

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Ended, or nothing to say.
    Plain,
    /// It runs.
    Go,
    Ok,
    Warn,
    Bad,
}

impl Tone {
    /// The class that follows another, with its space.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Go => " go",
            Self::Ok => " ok",
            Self::Warn => " warn",
            Self::Bad => " bad",
        }
    }
}

/// How a state is drawn and said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    pub shape: &'static str,
    pub tone: Tone,
    /// A person must decide: filled.
    pub act: bool,
    pub word: &'static str,
    /// What it means.
    pub means: &'static str,
    /// What to do next.
    pub next: &'static str,
}

const fn runs(
    shape: &'static str,
    tone: Tone,
    word: &'static str,
    means: &'static str,
    next: &'static str,
) -> Chip {
    Chip {
        shape,
        tone,
        act: false,
        word,
        means,
        next,
    }
}

const fn acts(
    shape: &'static str,
    tone: Tone,
    word: &'static str,
    means: &'static str,
    next: &'static str,
) -> Chip {
    Chip {
        act: true,
        ..runs(shape, tone, word, means, next)
    }
}

const NOTHING: &str = "Nothing to do.";

pub const fn payment(status: PaymentStatus) -> Chip {
    use PaymentStatus as S;
    match status {
        S::Created => runs(
            "s-new",
            Tone::Plain,
            "Created",
            "The attempt is saved; the provider is asked now.",
            NOTHING,
        ),
        S::Pending => runs(
            "s-wait",
            Tone::Go,
            "Pending",
            "We asked the provider; it waits.",
            NOTHING,
        ),
        S::RequiresAction => runs(
            "s-ph",
            Tone::Go,
            "Requires action",
            "The customer must do something on the phone or on the provider’s page.",
            "Nothing to do. After two minutes you can ask the provider yourself.",
        ),
        S::Processing => runs(
            "s-run",
            Tone::Go,
            "Processing",
            "The provider works on it.",
            NOTHING,
        ),
        S::Unknown => runs(
            "s-unk",
            Tone::Warn,
            "Unknown",
            "It was sent, then no answer came; the money may have gone.",
            "Nothing to do: we keep asking. Do not send it again.",
        ),
        S::Mismatched => acts(
            "s-ne",
            Tone::Bad,
            "Mismatched",
            "The provider reports another amount, currency, account or mode than ours.",
            "Decide below: take it as it came, or refuse it.",
        ),
        S::Succeeded => runs("s-done", Tone::Ok, "Succeeded", "The money came.", NOTHING),
        S::Failed => runs(
            "s-fail",
            Tone::Bad,
            "Failed",
            "No money came.",
            "The customer may try again on the same link.",
        ),
        S::Cancelled => runs(
            "s-stop",
            Tone::Plain,
            "Cancelled",
            "The attempt was called off; no money came.",
            "The customer may try again on the same link.",
        ),
        S::Expired => runs(
            "s-time",
            Tone::Plain,
            "Expired",
            "The time for this attempt is over; no money came.",
            "The customer may try again on the same link.",
        ),
    }
}

pub const fn order(status: OrderStatus) -> Chip {
    use OrderStatus as S;
    match status {
        S::Open => runs(
            "s-wait",
            Tone::Go,
            "Open",
            "Nothing was paid yet. The link takes payments.",
            "Send the link to the customer.",
        ),
        S::PartiallyPaid => runs(
            "s-part",
            Tone::Go,
            "Partially paid",
            "A part was paid. The same link takes the rest.",
            "Send the link again for the rest.",
        ),
        S::Paid => runs(
            "s-done",
            Tone::Ok,
            "Paid",
            "The whole amount came.",
            NOTHING,
        ),
        S::Cancelled => runs(
            "s-stop",
            Tone::Plain,
            "Cancelled",
            "It was called off. The link takes no payments.",
            "Money that still comes is flagged, to be given back.",
        ),
        S::Expired => runs(
            "s-time",
            Tone::Plain,
            "Expired",
            "The link’s time is over. Late money still settles it.",
            "Renew the link if the customer still wants to pay.",
        ),
    }
}

pub const fn refund(status: RefundStatus) -> Chip {
    use RefundStatus as S;
    match status {
        S::Requested => acts(
            "s-wait",
            Tone::Warn,
            "Requested",
            "Somebody asked to give money back.",
            "Approve or reject it.",
        ),
        S::AwaitingApproval => acts(
            "s-wait",
            Tone::Warn,
            "Awaiting approval",
            "It is above the shop’s limit, so a second person decides.",
            "Someone other than the asker approves or rejects it.",
        ),
        S::Approved => runs(
            "s-run",
            Tone::Go,
            "Approved",
            "It goes to the provider next.",
            NOTHING,
        ),
        S::Sending => runs(
            "s-run",
            Tone::Go,
            "Sending",
            "The provider was asked to give the money back.",
            NOTHING,
        ),
        S::Succeeded => runs(
            "s-done",
            Tone::Ok,
            "Succeeded",
            "The money went back.",
            NOTHING,
        ),
        S::Failed => runs(
            "s-fail",
            Tone::Bad,
            "Failed",
            "The provider did not give the money back.",
            "Ask for a new refund, or pay it back another way and record it.",
        ),
        S::Unknown => runs(
            "s-unk",
            Tone::Warn,
            "Unknown",
            "It was sent, then no answer came; the money may have gone back.",
            "Nothing to do: we keep asking. Do not send it again.",
        ),
        S::Rejected => runs(
            "s-stop",
            Tone::Plain,
            "Rejected",
            "The request was turned down; no money moved.",
            NOTHING,
        ),
    }
}

pub const fn proof(status: ProofStatus) -> Chip {
    use ProofStatus as S;
    match status {
        S::Submitted => runs(
            "s-wait",
            Tone::Go,
            "Submitted",
            "The customer says it is paid; nobody has decided.",
            "Compare it with your statement and decide.",
        ),
        S::MoreWanted => runs(
            "s-unk",
            Tone::Plain,
            "More wanted",
            "The customer was asked for more.",
            "Nothing to do until the customer answers.",
        ),
        S::Approved => runs(
            "s-done",
            Tone::Ok,
            "Approved",
            "The money was seen and booked.",
            NOTHING,
        ),
        S::Rejected => runs(
            "s-fail",
            Tone::Bad,
            "Rejected",
            "The proof was refused; the order stays unpaid.",
            "The customer may pay again on the same link.",
        ),
    }
}

pub const fn hook(status: HookStatus) -> Chip {
    use HookStatus as S;
    match status {
        S::Received => runs(
            "s-run",
            Tone::Go,
            "Received",
            "It is kept and will be worked on.",
            NOTHING,
        ),
        S::Applied => runs(
            "s-done",
            Tone::Ok,
            "Applied",
            "It was read and believed, or the provider confirmed it.",
            NOTHING,
        ),
        S::Ignored => runs(
            "s-stop",
            Tone::Plain,
            "Ignored",
            "It is about nothing of ours, or changes nothing.",
            NOTHING,
        ),
        S::Quarantined => acts(
            "s-unk",
            Tone::Warn,
            "Quarantined",
            "Its sender could not be verified, so it was not believed.",
            "If the provider sent it, check the hook secret. It never acts by itself.",
        ),
        S::Failed => acts(
            "s-fail",
            Tone::Bad,
            "Failed",
            "Something of ours went wrong while it was worked on.",
            "Replay it. A replay runs the same bytes again and never books money twice.",
        ),
    }
}

/// A customer's access to a plan.
pub const fn entitlement(status: EntitlementStatus) -> Chip {
    use EntitlementStatus as S;
    match status {
        S::Active => runs(
            "s-done",
            Tone::Ok,
            "Active",
            "The customer has access until the end below.",
            "Nothing to do: reminders go out before the end.",
        ),
        S::Grace => runs(
            "s-time",
            Tone::Warn,
            "Grace",
            "The time is over. Access goes on for the days of grace, then it is suspended.",
            "Send the renewal link.",
        ),
        S::Suspended => runs(
            "s-stop",
            Tone::Plain,
            "Suspended",
            "The time and the grace are over: no access. A renewal begins a new period at once.",
            "Send the renewal link if the customer wants to go on.",
        ),
        S::Replaced => runs(
            "s-run",
            Tone::Plain,
            "Replaced",
            "Another plan took its place, and its rest was credited.",
            NOTHING,
        ),
        S::Revoked => runs(
            "refunds",
            Tone::Plain,
            "Revoked",
            "All that was paid for it went back: no access.",
            NOTHING,
        ),
    }
}

/// An event that no endpoint took.
pub const NOT_SENT: Chip = runs(
    "s-new",
    Tone::Plain,
    "Not sent",
    "No endpoint took it when it was made.",
    NOTHING,
);

/// A delivery; `tried` whether it failed before.
pub const fn delivery(status: DeliveryStatus, tried: bool) -> Chip {
    use DeliveryStatus as S;
    match (status, tried) {
        (S::Pending, false) => runs(
            "s-wait",
            Tone::Go,
            "Waiting",
            "It is about to be sent.",
            NOTHING,
        ),
        (S::Pending, true) => runs(
            "s-run",
            Tone::Warn,
            "Retrying",
            "The endpoint did not take it; it is sent again.",
            NOTHING,
        ),
        (S::Delivered, _) => runs(
            "s-done",
            Tone::Ok,
            "Delivered",
            "The endpoint answered that it took it.",
            NOTHING,
        ),
        (S::Failed, _) => acts(
            "s-fail",
            Tone::Bad,
            "Gave up",
            "The endpoint did not take it in three days.",
            "Mend the endpoint, then send it again.",
        ),
    }
}

pub const fn message(status: MessageStatus) -> Chip {
    use MessageStatus as S;
    match status {
        S::Queued => runs(
            "s-run",
            Tone::Go,
            "On its way",
            "It is sent now, and tried for a day.",
            NOTHING,
        ),
        S::Sent => runs(
            "s-done",
            Tone::Ok,
            "Sent",
            "The mail server or gateway took it.",
            NOTHING,
        ),
        S::Held => runs(
            "s-stop",
            Tone::Plain,
            "Held",
            "It was written and not sent.",
            NOTHING,
        ),
        S::Failed => acts(
            "s-fail",
            Tone::Bad,
            "Failed",
            "It could not be sent.",
            "See what was wrong, then send it again.",
        ),
    }
}

/// Why an endpoint is off, as a head and a sentence.
pub const fn disabled(why: DisabledWhy) -> (&'static str, &'static str) {
    match why {
        DisabledWhy::ByHand => (
            "It is switched off.",
            "It is told of nothing. What waits for it is sent when it is switched on.",
        ),
        DisabledWhy::Failing => (
            "It was switched off: it took nothing for five days.",
            "Mend it and switch it on: what waits is sent then. Send what it missed as a range.",
        ),
        DisabledWhy::Gone => (
            "It was switched off: it answered 410, that it wants no more events.",
            "Switch it on if that was a mistake: what waits is sent then.",
        ),
    }
}

/// Why a message was held, and what to do.
pub const fn held(why: Held) -> &'static str {
    match why {
        Held::TestMode => {
            "It tells of test money: nothing leaves to anybody in test mode. You see what it would say."
        }
        Held::NoMailServer => {
            "No mail server is set. The operator sets MALIPO_SMTP_URL; then send it again."
        }
        Held::NoSmsGateway => {
            "No SMS gateway is set. The operator sets MALIPO_SMS_URL; then send it again."
        }
    }
}

/// Why a message did not go, as far as it is known.
pub fn message_why(m: &Message) -> String {
    match m.held() {
        Some(why) => held(why).to_owned(),
        None => m.why.clone(),
    }
}

pub const fn message_kind(kind: MessageKind) -> &'static str {
    use MessageKind as K;
    match kind {
        K::Receipt => "Receipt",
        K::PaymentRequest => "Payment link",
        K::PaymentReminder => "Payment reminder",
        K::ProofRejected => "Proof rejected",
        K::ProofMoreWanted => "More wanted",
        K::RefundSucceeded => "Money given back",
        K::RenewalReminder => "Plan ends soon",
        K::PaymentMismatched => "Alert: mismatched",
        K::RefundAwaiting => "Alert: refund to approve",
        K::RefundSurplus => "Alert: too much came",
        K::EndpointDisabled => "Alert: endpoint off",
        K::RuleBroken => "Alert: rule broken",
    }
}

pub const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "E-mail",
        Channel::Sms => "SMS",
    }
}

/// What can be switched off: its name, and when it is told.
pub const fn topic(topic: Topic) -> (&'static str, &'static str) {
    match topic {
        Topic::Receipt => (
            "Receipts",
            "To the customer, once an order or a part of it is paid. By SMS where only a phone is known.",
        ),
        Topic::Proof => (
            "Decisions about proofs",
            "To the customer, with your reason, when a proof is rejected or more is wanted.",
        ),
        Topic::Refund => (
            "Refunds",
            "To the customer, once the provider has given the money back.",
        ),
        Topic::Renewal => (
            "Plans that end",
            "To the customer, before a plan ends and when it has ended. By SMS where only a phone is known.",
        ),
        Topic::Reminder => (
            "Reminders to pay",
            "To the customer, before and after something is due, where the order says so. They stop once it is paid.",
        ),
        Topic::Alerts => (
            "Alerts to the team",
            "To those who may decide: mismatched money, refunds that wait, too much money, an endpoint that was switched off.",
        ),
    }
}

/// The contract's word for a flag.
pub const fn flag_word(flag: Flag) -> &'static str {
    match flag {
        Flag::Late => "late",
        Flag::Duplicate => "duplicate",
        Flag::Over => "over",
        Flag::Short => "short",
        Flag::PaidAfterCancel => "paid after cancel",
    }
}

/// What a flag means and what to do, as a head and a sentence.
pub const fn flag_sentence(flag: Flag) -> (&'static str, &'static str) {
    match flag {
        Flag::Late => (
            "Late money.",
            "It came after the attempt or its order had ended. Check the order; give it back if it is not wanted.",
        ),
        Flag::Duplicate => (
            "Paid twice.",
            "The order was paid already. Refund the surplus.",
        ),
        Flag::Over => ("More came than was owed.", "Refund the surplus."),
        Flag::Short => (
            "Less came than was owed.",
            "The same link takes the rest; send it to the customer again.",
        ),
        Flag::PaidAfterCancel => (
            "Paid after it was cancelled.",
            "The order stays cancelled. Give the money back.",
        ),
    }
}

/// Why an attempt ended, in our words; the provider's stand beside them.
/// Money that was paid by hand.
pub const fn bill(status: BillStatus) -> Chip {
    use BillStatus as S;
    match status {
        S::Received | S::Asking => runs(
            "s-wait",
            Tone::Go,
            "Being checked",
            "The provider is asked whether it is true.",
            "Nothing to do: the answer comes within minutes.",
        ),
        S::Booked => runs(
            "s-done",
            Tone::Ok,
            "Matched",
            "It was booked by its account number.",
            "Nothing to do.",
        ),
        S::Unmatched => Chip {
            act: true,
            ..runs(
                "s-ne",
                Tone::Warn,
                "Needs a person",
                "It came, and nobody knows for what.",
                "Give it to an order, or give it back.",
            )
        },
        S::Assigned => runs(
            "s-done",
            Tone::Ok,
            "Assigned",
            "A person gave it to an order.",
            "Nothing to do.",
        ),
        S::Returned => runs(
            "s-done",
            Tone::Plain,
            "Returned",
            "It went back, or was never yours.",
            "Nothing to do.",
        ),
    }
}

/// Why money waits for a person, and what to look at.
pub const fn unmatched(why: Unmatched) -> &'static str {
    match why {
        Unmatched::NoReference => {
            "No account number was typed, as at a till. Compare amount and time."
        }
        Unmatched::UnknownReference => {
            "No payment has the account number that was typed. Ask the payer what it was for."
        }
        Unmatched::Ambiguous => {
            "The account number is close to one of yours, but not surely it: compare the amounts."
        }
        Unmatched::OtherNumber => {
            "It was paid to a business number that is not in your settings for this provider."
        }
        Unmatched::OtherMode => "Test money was paid for live payments, or the reverse.",
        Unmatched::NotConfirmed => {
            "The provider was asked and has not confirmed it. Look for the receipt in its portal first."
        }
        Unmatched::Denied => {
            "The provider does not know this receipt, or tells another amount. Do not hand anything out."
        }
    }
}

pub const fn failure(code: FailureCode) -> &'static str {
    use FailureCode as C;
    match code {
        C::Declined => "The provider declined it.",
        C::InsufficientFunds => "There was too little money in the customer’s account.",
        C::WrongPin => "The customer typed a wrong PIN.",
        C::CancelledByCustomer => "The customer called it off.",
        C::NoResponse => "The customer did not answer the prompt.",
        C::PhoneBusy => "The phone was busy with another prompt.",
        C::AmountLimit => "The amount is outside what the provider takes at once.",
        C::PayerLimit => "The customer’s own limit at the provider is reached.",
        C::MerchantLimit => "Your account at the provider cannot take it.",
        C::RepeatedTooSoon => "The same amount was sent by the same customer a moment before.",
        C::AccountLocked => "The customer’s account is locked at the provider.",
        C::ExpiredCard => "The card has expired: the customer needs another one.",
        C::CardDetailsWrong => "The card’s number, date or security code did not fit.",
        C::AuthenticationFailed => "The bank could not confirm the cardholder (3-D Secure).",
        C::WrongCode => "The one-time code was wrong or too late.",
        C::CardNotSupported => "The card cannot be used here: its kind, or the bank’s own rule.",
        C::Blocked => {
            "The bank or the provider blocks the card: lost, stolen or suspected of fraud."
        }
        C::PayerUnknown => "The number has no account at the provider.",
        C::MerchantBalanceLow => {
            "Your balance at the provider is too low: top it up and ask again."
        }
        C::AlreadyRefunded => "The provider gave this money back before.",
        C::RefundTooLate => "The provider’s time for giving this money back is over.",
        C::NotRefundable => "The provider cannot give back this payment or this amount.",
        C::Expired => "The time for the attempt was over.",
        C::ProviderUnavailable => "The provider was down and took nothing.",
        C::ProviderMisconfigured => "Your settings for this provider are wrong.",
        C::RejectedByStaff => "Staff refused it.",
    }
}

/// How the customer pays, after the provider's name.
pub const fn method(method: Method) -> &'static str {
    match method {
        Method::Card => "card",
        Method::Wallet => "wallet",
        Method::BankTransfer => "bank transfer",
        Method::Ussd => "USSD",
        Method::MobileMoney => "mobile money",
        Method::StkPush => "prompt",
        Method::Paybill => "paybill",
        Method::Gcash => "GCash",
        Method::Maya => "Maya",
        Method::GrabPay => "GrabPay",
        Method::Payme => "Payme",
        Method::CashOnDelivery => "cash on delivery",
        Method::Mock => "mock",
    }
}

/// A provider with how the customer pays; a method of the same name is not said twice.
pub fn way(label: &str, of: Method) -> String {
    let method = method(of);
    if label.eq_ignore_ascii_case(method) {
        label.to_owned()
    } else {
        format!("{label} · {method}")
    }
}

pub const fn proof_type(kind: ProofType) -> &'static str {
    match kind {
        ProofType::BankTransfer => "bank transfer",
        ProofType::MobileMoney => "mobile money",
        ProofType::Cash => "cash",
    }
}

pub const fn order_kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Order => "Order",
        OrderKind::Booking => "Booking",
        OrderKind::Invoice => "Invoice",
        OrderKind::Subscription => "Subscription",
        OrderKind::Deposit => "Deposit",
    }
}

/// What a role may do, in one line.
pub const fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "everything, other owners included",
        Role::Admin => "everything but other owners",
        Role::Staff => "orders, proofs, and asking for refunds",
        Role::Developer => "hooks and API keys; sees payments",
        Role::Viewer => "sees, changes nothing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_sentence_and_its_next_step() {
        let mut all: Vec<Chip> = Vec::new();
        all.extend(PaymentStatus::ALL.iter().map(|s| payment(*s)));
        all.extend(OrderStatus::ALL.iter().map(|s| order(*s)));
        all.extend(RefundStatus::ALL.iter().map(|s| refund(*s)));
        all.extend(ProofStatus::ALL.iter().map(|s| proof(*s)));
        all.extend(HookStatus::ALL.iter().map(|s| hook(*s)));
        all.extend(EntitlementStatus::ALL.iter().map(|s| entitlement(*s)));
        for chip in all {
            assert!(chip.word.chars().next().unwrap().is_uppercase(), "{chip:?}");
            assert!(
                chip.means.ends_with('.') && chip.next.ends_with('.'),
                "{chip:?}"
            );
            // Rendering looks the shape up among the icons.
            let html = leptos::prelude::RenderHtml::to_html(crate::web::admin::parts::chip(chip));
            assert!(html.contains(chip.word), "{html}");
        }
        for flag in Flag::ALL {
            assert!(flag_sentence(flag).1.ends_with('.'));
        }
        for code in FailureCode::ALL {
            assert!(failure(*code).ends_with('.'));
        }
    }

    #[test]
    fn only_what_a_person_must_decide_is_filled() {
        let filled = |all: &[Chip]| all.iter().filter(|c| c.act).count();
        let payments: Vec<_> = PaymentStatus::ALL.iter().map(|s| payment(*s)).collect();
        assert_eq!(filled(&payments), 1);
        let orders: Vec<_> = OrderStatus::ALL.iter().map(|s| order(*s)).collect();
        assert_eq!(filled(&orders), 0);
    }
}
