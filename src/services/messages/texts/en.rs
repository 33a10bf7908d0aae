//! English.
use super::Texts;

pub const TEXTS: Texts = Texts {
    hello: |name| format!("Hello {name},"),
    hello_plain: "Hello,",

    for_: "For",
    amount: "Amount",
    paid: "Paid",
    reference: "Reference",
    paid_with: "Paid with",
    code: "Code",
    receipt_number: "Receipt number",
    date: "Date",
    pay_by: "Pay by",
    left: "Left to pay",
    given_back: "Given back",
    merchant_says: "What they say",
    plan: "Plan",
    ends: "Ends",

    receipt_subject: |amount, merchant| format!("Receipt: {amount} to {merchant}"),
    receipt_body: |merchant| format!("Your payment to {merchant} has arrived. Thank you."),
    see_receipt: "See the receipt",
    receipt_sms: |amount, merchant, number| {
        format!("{merchant}: {amount} received, thank you. Receipt {number}:")
    },

    request_subject: |amount, merchant| format!("Please pay {amount} to {merchant}"),
    request_body: |merchant, amount| {
        format!("{merchant} asks you to pay {amount}. Nothing is taken until you confirm.")
    },
    pay_now: "Pay now",
    request_sms: |amount, merchant| format!("{merchant} asks you to pay {amount}. Pay here:"),

    reminder_subject: |amount, merchant| format!("Reminder: {amount} to {merchant}"),
    reminder_body: |merchant, amount, day| {
        format!("{merchant} reminds you to pay {amount} by {day}.")
    },
    reminder_late_body: |merchant, amount, day| {
        format!("{merchant} reminds you that {amount} was due by {day}.")
    },
    reminder_paid: "If you have paid in the meantime, there is nothing to do.",

    rejected_subject: |merchant| format!("{merchant} could not accept your proof"),
    rejected_body: |merchant, amount| {
        format!("{merchant} looked at your proof of payment for {amount} and could not accept it.")
    },
    rejected_next: "If you have paid, the money is not lost: send another proof, or ask them.",
    pay_or_send: "Pay, or send another proof",

    more_subject: |merchant| format!("{merchant} needs more about your payment"),
    more_body: |merchant, amount| {
        format!("{merchant} looked at your proof of payment for {amount} and needs to know more.")
    },
    send_more: "Send what is missing",

    refund_subject: |amount, merchant| format!("{merchant} gave back {amount}"),
    refund_body: |amount, merchant| {
        format!("{merchant} has given {amount} back to you, the way you paid.")
    },
    refund_next: "Banks and card companies can take some days to show it.",

    renewal_subject: |plan, day| format!("{plan} ends on {day}"),
    renewal_body: |plan, merchant, day| {
        format!("Your plan {plan} at {merchant} ends on {day}. Pay to keep it.")
    },
    renewal_late_subject: |plan, day| format!("{plan} ended on {day}"),
    renewal_late_body: |plan, merchant, day| {
        format!("Your plan {plan} at {merchant} ended on {day}. Pay soon to keep it.")
    },
    renew_now: "Renew now",

    questions: |merchant, contact| format!("Questions? Ask {merchant}: {contact}"),
    no_answer: |merchant| format!("You get this because of a payment to {merchant}."),
    no_secrets: "Nobody will ask you for a PIN, a password or a card number in a message.",
};
