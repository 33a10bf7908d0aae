//! English.
use super::{
    Facts, FailureText, How, InputCode, MockOutcome, Outcome, Sentence, Texts, failed, say,
};
use crate::domain::method::{Method, MethodGroup};
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::payment::{FailureCode, Flag, PaymentStatus};
use crate::domain::proof::ProofStatus;

const OTHER: &str = "Or pay another way.";

pub const TEXTS: Texts = Texts {
    language: "Language",
    error_title: |what| format!("Error: {what}"),
    test_mode: "Test mode",
    test_note: "Payments here do not count",
    test_tag: "Test",
    test_prefix: "[TEST]",
    test_mark: "TEST",
    test_button: |button| format!("{button} (test)"),
    ask_merchant: |merchant| format!("Questions about this payment? Ask {merchant}"),
    email: "Email",
    kind,
    pay_by: "Pay by",
    left_to_pay: "Left to pay",
    paid_so_far: "Paid so far",
    part_of: |n, of| format!("Part {n} of {of}"),
    next_part: "Next part",
    amount_by: |amount, day| format!("{amount} by {day}"),
    pay_whole: |amount| format!("Pay all {amount} at once"),
    pay_part: |amount| format!("Pay only this part, {amount}"),

    pay_title: |amount, merchant| format!("Pay {amount} to {merchant}"),
    how_pay: "How would you like to pay?",
    group,
    method_name,
    method_hint,
    recommended: "Recommended",
    fee: |amount| format!("plus a fee of about {amount}"),
    fee_some: "plus the provider’s fee",
    continue_: "Continue",
    nothing_taken_yet: "Nothing is taken yet. You confirm on the next step.",
    test_stays_unpaid: "Test mode: what you owe stays unpaid.",
    return_unpaid: "Return without paying",
    nothing_offered: "This cannot be paid here right now",
    nothing_offered_next: "No way to pay fits this amount and currency. Nothing was taken. Please ask the merchant.",
    test_data: |provider| format!("{provider} test data"),
    test_use: |provider| format!("Use it on {provider}’s page or as your number"),
    test_others: "Declined and other outcomes",
    simulator_only: "Works only in the simulator",
    outcome,

    pay_with: |provider| format!("Pay with {provider}"),
    phone_label: |provider| format!("Your {provider} number"),
    phone_hint: |_| "The number that pays".to_owned(),
    email_label: "Your email",
    email_hint: |provider| format!("{provider} sends its receipt there"),
    send_prompt: "Send the prompt to my phone",
    comma: ",",
    pin_hint: "Type your PIN only on your phone, never on a web page.",
    next_title: "What happens next",
    prompt_steps: |provider| {
        [
            "A prompt opens on that phone.".to_owned(),
            format!("You type your {provider} PIN there."),
            "Your receipt appears here.".to_owned(),
        ]
    },
    page_steps: |provider| {
        [
            format!("You go to {provider}’s page."),
            "You pay there.".to_owned(),
            "You come back, and your receipt appears here.".to_owned(),
        ]
    },
    other_ways: "Other ways to pay",
    ways_left: |ways| format!("You can also pay by: {ways}."),
    go_to_page: |provider| format!("Go to {provider}’s page"),

    look_title: |provider, amount| format!("Look at your phone: {provider}, {amount}"),
    look_phone: "Look at your phone",
    type_pin: |provider, phone| format!("Type your {provider} PIN on {phone}."),
    prompt_picture: "What the prompt looks like",
    prompt_pay: |amount, merchant| format!("Pay {amount} to {merchant}?"),
    prompt_pin: |provider| format!("Enter {provider} PIN:"),
    other_prompt: "Another name or amount on your phone? Then do not type your PIN.",
    step_sent: "Prompt sent",
    step_phone: "On your phone",
    step_pin: "waiting for your PIN",
    step_page: |provider| format!("On {provider}’s page"),
    step_confirms: |provider| format!("{provider} confirms"),
    step_done: "Done, with receipt",
    step_asked: |time| format!("asked again {time}"),
    auto_check: "This page checks by itself every 5 seconds. You can close it: the same link shows what happened.",
    no_auto_check: "This page no longer checks by itself. Press the button to ask again. You can close it: the same link shows what happened.",
    nothing_on_phone: "Nothing on your phone?",
    phone_tips: |phone| {
        [
            "Wake the screen. The prompt stays for about a minute.".to_owned(),
            format!("The SIM of {phone} must be in this phone, with signal."),
            "If it does not come, this page tells you. Then you can send it again.".to_owned(),
        ]
    },
    check_now: "Check now",
    page_title: |provider| format!("Finish on {provider}’s page"),
    page_body: |provider, amount| {
        format!(
            "If you have paid the {amount}, wait here: {provider} tells us, and it shows on this page."
        )
    },
    unknown_title: "Please wait, and do not pay again",
    unknown_body: |provider, amount| {
        format!(
            "{provider} has not told us yet whether the {amount} went. We keep asking. The answer comes to this page."
        )
    },
    message_question: |provider| format!("Did {provider} send you a message that you paid?"),
    message_yes: "Yes: then it is paid. It shows here, even if it takes hours.",
    message_no: "No: check here first, before you try another way.",
    mismatch_title: "Please wait, a person is checking",
    mismatch_body: |provider, merchant| {
        format!(
            "{provider} reports something else than we asked for. {merchant} looks at it now. Do not pay again."
        )
    },

    by_hand_title,
    send_money: "1. Send the money",
    show_us: "2. Show us that you paid",
    copy_hint: "Press and hold a value to copy it.",
    bank: "Bank",
    branch: "Branch",
    account_name: "Account name",
    account_number: "Account number",
    mobile_name: "Name on the account",
    mobile_number: "Mobile money number",
    amount_exact: "Amount, exactly",
    reason: "Reason for payment",
    from_merchant: |merchant| format!("From {merchant}"),
    cash_body: |amount, merchant| format!("Have {amount} ready. You pay {merchant} in cash."),
    cash_proof: "Paid already? Tell us, with a photo of the paper receipt if you have one.",
    what_have: "What do you have?",
    have_photo: "Photo",
    have_sms: "SMS text",
    have_number: "Number",
    photo_label: "Photo or screenshot of the slip",
    photo_hint: "JPG, PNG or PDF, up to 8 MB. All four corners.",
    sms_label: "SMS about the payment",
    sms_hint: "Open the SMS, copy all of it, paste it here.",
    ref_label: "Transaction number",
    ref_hint: "From the slip or the SMS, like FT26324K8LQ",
    note_label: "Note, if you like",
    send_proof: "Send the proof",
    checked_within: |limit| match limit {
        Some(count) => format!("A person checks it, mostly within {}.", hours(count)),
        None => "A person checks it.".to_owned(),
    },

    pay_by_way: |way| format!("Pay by {way}"),
    way_instead: |way| format!("Pay by {way} instead"),
    till_way: |provider| format!("{provider} till"),
    till_note: |merchant| {
        format!(
            "A till asks for no account number: {merchant} finds your payment by the exact amount."
        )
    },
    business_number: "Business number",
    till_number: "Till number",
    simple_phone: "No data, or a simple phone?",
    dial: "Dial",
    then_pin: "Then your PIN",
    have_paid: "I have paid: check now",
    seen_soon: "We also see it by ourselves, mostly within a minute.",
    not_shown: "I paid, but it does not show",
    not_shown_body: |merchant| {
        format!(
            "Keep the SMS and do not pay again. With its code {merchant} finds your payment, even if a letter of the account number was wrong."
        )
    },

    proof_sent_title: "We have your proof",
    proof_sent_body: |limit| match limit {
        Some(count) => format!(
            "A person will check it, mostly within {}. You do not need to send it again.",
            hours(count)
        ),
        None => "A person will check it. You do not need to send it again.".to_owned(),
    },
    step_proof_sent: "Proof sent",
    step_proof_waits: "Waiting to be checked",
    step_proof_checking: "Being checked",
    since: |time| format!("since {time}"),
    step_answer: "Answer, with receipt",
    keep_link: "Keep this link: the answer appears here.",
    what_you_sent: "What you sent",
    proof_word: "Proof",
    note_word: "Note",
    file_photo: |size| format!("Photo, {size}"),
    file_pdf: |size| format!("PDF, {size}"),
    review_title: "Your proof is being checked",
    review_body: |merchant| {
        format!("Somebody at {merchant} has it open now. This takes a few minutes.")
    },
    rejected_title: "Your proof was not accepted",
    rejected_body: |merchant| format!("{merchant} could not match it with this payment."),
    send_another: "Send another proof",
    pay_another_way: "Pay another way",
    money_not_lost: |merchant| {
        format!(
            "Money that you sent is not lost: it counts here or comes back to you. Call {merchant} if this is wrong."
        )
    },
    more_title: "One more thing is needed",
    more_body: |merchant| format!("{merchant} needs a little more to find your payment."),
    proof_kept: "What you sent before is kept.",

    paid_title: |amount, merchant| format!("Paid {amount} to {merchant}"),
    paid: "Paid",
    paid_test: "Paid, in test mode",
    paid_test_body: "No real payment. What you owe stays unpaid.",
    for_: "For",
    paid_with: "Paid with",
    code_of: |provider| format!("{provider} code"),
    receipt_number: "Receipt number",
    date: "Date",
    given_back: "Given back",
    back_to: |merchant| format!("Back to {merchant}"),
    keep_receipt: "To keep the receipt, open the menu of your browser and choose Print or Share.",

    failure,
    nothing_taken: "Nothing was taken.",
    what_you_can_do: "What you can do",
    try_again: |method| format!("Try {method} again"),
    tried: |date| format!("Tried {date}."),
    payment_number: "Payment number",
    bank_hold: "Your bank app may show the amount as held. The bank releases it by itself within some days.",

    expired_title: "This link has expired",
    expired_body: |date| format!("It was open until {date}."),
    ask_new_link: |merchant| format!("To pay now, ask {merchant} to open it again."),
    did_you_pay: "Did you pay already?",
    late_counts: "Then do not pay again. Money that arrives late still counts.",
    look_for_payment: "Look for my payment",
    cancelled_title: "This was cancelled",
    cancelled_body: |merchant| format!("{merchant} cancelled it. There is nothing to pay."),
    already_title: "This is already paid",
    already_body: "Nothing more to pay. If someone asks you for this money again, show the receipt.",
    see_receipt: "See the receipt",
    twice_title: |amount| format!("You paid twice. {amount} comes back to you"),
    twice_body: "What you owed is paid. You do not have to do anything.",
    kept: "Kept",
    comes_back: "Comes back",
    where_is: |amount| format!("Where your {amount} is"),
    twice_saw: "We saw that it is too much",
    twice_sends: |merchant| format!("{merchant} sends it back"),
    twice_done: "Back with you",
    over_title: |amount| format!("You paid too much. {amount} comes back to you"),
    after_cancel_title: |amount| format!("This was cancelled. {amount} comes back to you"),
    link_unknown_title: "We do not know this link",
    link_unknown_body: "Perhaps a part is missing. Open it again from the message that brought it, or ask the merchant for a new one. Nothing was taken.",
    trouble_title: "Something went wrong here",
    trouble_body: "This is our fault. Please open the link again in a minute. If you were paying, do not pay again: look at this link first.",

    pay_merchant: |merchant| format!("Pay {merchant}"),
    amount_label: "Amount",
    amount_between: |least, most| format!("From {least} to {most}"),
    name_label: "Your name",
    phone_label_any: "Your phone",
    optional: "optional",
    contact_hint: |merchant| format!("So that {merchant} knows who paid"),
    link_off_title: "This link takes no more payments",
    link_ended_title: "This link has ended",
    link_used_title: "Everything on this link is taken",
    link_held_title: "All places are held at the moment",
    link_held_body: "Others are paying just now. A place that is not paid is free again after 30 minutes: open this page again then.",
    link_ask_other: |merchant| {
        format!("Nothing was taken. To pay all the same, ask {merchant} for another link.")
    },

    mock_title: "Test provider: choose what happens",
    mock_body: "No money moves here. Each button ends the payment in its own way.",
    mock_outcome,

    order_status,
    payment_status,
    proof_status,
    flag,
    input,
};

fn hours(count: u32) -> String {
    match count {
        1 => "1 hour".to_owned(),
        more => format!("{more} hours"),
    }
}

fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Order => "Order",
        OrderKind::Booking => "Booking",
        OrderKind::Invoice => "Invoice",
        OrderKind::Subscription => "Subscription",
        OrderKind::Deposit => "Deposit",
    }
}

fn group(group: MethodGroup) -> &'static str {
    match group {
        MethodGroup::PhoneMoney => "Phone money",
        MethodGroup::Card => "Card",
        MethodGroup::Bank => "Bank",
        MethodGroup::Cash => "Cash",
        MethodGroup::Other => "Other",
    }
}

fn method_name(method: Method, provider: &str) -> String {
    match method {
        Method::Card => "Credit or debit card".to_owned(),
        Method::Wallet => "Apple Pay or Google Pay".to_owned(),
        Method::BankTransfer => "Bank transfer".to_owned(),
        Method::Ussd => "USSD".to_owned(),
        Method::MobileMoney => "Mobile money".to_owned(),
        Method::StkPush | Method::Mock => provider.to_owned(),
        Method::Paybill => format!("{provider} Paybill"),
        Method::Gcash => "GCash".to_owned(),
        Method::Maya => "Maya".to_owned(),
        Method::GrabPay => "GrabPay".to_owned(),
        Method::Payme => "Uzcard or HUMO".to_owned(),
        Method::CashOnDelivery => "Cash".to_owned(),
    }
}

fn method_hint(how: How, provider: &str) -> String {
    match how {
        How::Prompt => "A prompt comes to your phone".to_owned(),
        How::Page => format!("You finish on {provider}’s page"),
        How::Paybill => "Type it yourself, or dial *334#".to_owned(),
        How::Transfer => "Send it, then show us the slip. A person checks it".to_owned(),
        How::MobileByHand => "Send it from your phone, then show us the SMS".to_owned(),
        How::Cash => "You pay by hand, in cash".to_owned(),
    }
}

fn by_hand_title(method: Method) -> &'static str {
    match method {
        Method::BankTransfer | Method::Ussd => "Pay by bank transfer",
        Method::CashOnDelivery => "Pay in cash",
        Method::MobileMoney | Method::StkPush | Method::Paybill => "Pay by mobile money",
        Method::Card
        | Method::Wallet
        | Method::Gcash
        | Method::Maya
        | Method::GrabPay
        | Method::Payme
        | Method::Mock => "Pay by hand",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Paid => "Paid",
        Outcome::Declined => "Declined",
        Outcome::InsufficientFunds => "Balance too low",
        Outcome::WrongPin => "Wrong PIN",
        Outcome::Cancelled => "Cancelled",
        Outcome::Unreachable => "Phone off",
        Outcome::NeverAnswers => "No answer",
        Outcome::PaidAfterCheck => "Paid after a check",
        Outcome::Expired => "Expires",
    }
}

fn mock_outcome(outcome: MockOutcome) -> &'static str {
    match outcome {
        MockOutcome::Paid => "Pay it",
        MockOutcome::Declined => "Decline it",
        MockOutcome::Cancelled => "Cancel it",
        MockOutcome::Expired => "Let it expire",
        MockOutcome::WrongAmount => "Pay a wrong amount",
        MockOutcome::Processing => "Leave it processing",
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "each cause has its sentence, side by side"
)]
fn failure(code: FailureCode, facts: &Facts<'_>) -> FailureText {
    let Facts {
        provider,
        amount,
        phone,
        merchant,
    } = *facts;
    let on = phone.map_or_else(String::new, |phone| format!(" on {phone}"));
    match code {
        // The last four are refunds': no customer reads them.
        FailureCode::Declined
        | FailureCode::Blocked
        | FailureCode::MerchantBalanceLow
        | FailureCode::AlreadyRefunded
        | FailureCode::RefundTooLate
        | FailureCode::NotRefundable => failed(
            "Not paid: the payment was refused".to_owned(),
            format!("{provider} passed on a no to {amount} and gave no reason."),
            "Ask your bank or network to allow payments on the internet, then try again.",
            OTHER,
        ),
        FailureCode::InsufficientFunds => failed(
            format!("Not paid: {provider} balance too low"),
            format!("{provider} found less than {amount}{on}."),
            "Add money, then try again.",
            "Or use another number, a card or a bank transfer.",
        ),
        FailureCode::WrongPin => failed(
            "Not paid: the PIN was wrong".to_owned(),
            format!("{provider} did not accept the PIN{on}."),
            "Try again with the right PIN. Too many wrong ones lock the account.",
            OTHER,
        ),
        FailureCode::CancelledByCustomer => failed(
            "Not paid: you cancelled it".to_owned(),
            format!("{provider} says that the payment of {amount} was cancelled{on}."),
            "Try again when you are ready.",
            OTHER,
        ),
        FailureCode::NoResponse => failed(
            "Not paid: the phone did not answer".to_owned(),
            format!("{provider} could not reach the phone, or nobody typed the PIN in time{on}."),
            "Switch the phone on, wake the screen, then try again.",
            OTHER,
        ),
        FailureCode::ExpiredCard => failed(
            "Not paid: the card has expired".to_owned(),
            format!("The bank refused {amount}: the card’s date is over."),
            "Look at the date on the card, and try again with another one.",
            OTHER,
        ),
        FailureCode::CardDetailsWrong => failed(
            "Not paid: the card’s details do not fit".to_owned(),
            format!("Number, date or security code were not right, so {provider} took nothing."),
            "Try again and type them as they stand on the card.",
            OTHER,
        ),
        FailureCode::AuthenticationFailed => failed(
            "Not paid: your bank could not confirm you".to_owned(),
            format!("The bank’s own check for {amount} was not passed."),
            "Try again, and confirm it in your bank’s app or by its code.",
            OTHER,
        ),
        FailureCode::WrongCode => failed(
            "Not paid: the code was wrong or too late".to_owned(),
            format!("{provider} did not accept the one-time code{on}."),
            "Try again and use the newest code that was sent to you.",
            OTHER,
        ),
        FailureCode::CardNotSupported => failed(
            "Not paid: this card cannot be used here".to_owned(),
            format!("{provider} does not take this kind of card, or your bank does not allow it."),
            "Use another card.",
            OTHER,
        ),
        FailureCode::PayerUnknown => failed(
            format!("Not paid: {provider} does not know the number"),
            format!("There is no {provider} account{on}."),
            "Look at the number, and try again.",
            OTHER,
        ),
        FailureCode::PhoneBusy => failed(
            "Not paid: the phone is busy".to_owned(),
            format!("Another {provider} prompt is open{on}."),
            "Close or finish the other prompt, wait a minute, then try again.",
            OTHER,
        ),
        FailureCode::AmountLimit => failed(
            "Not paid: the amount does not fit".to_owned(),
            format!("{provider} does not take {amount} at once."),
            "Choose another way to pay.".to_owned(),
            "Or ask the merchant to split the amount.",
        ),
        FailureCode::PayerLimit => failed(
            "Not paid: your limit is reached".to_owned(),
            format!("{amount} is above what {provider} lets you pay now{on}."),
            "Try again tomorrow, or use another number.",
            OTHER,
        ),
        FailureCode::MerchantLimit => failed(
            format!("Not paid: {merchant} cannot take it now"),
            format!(
                "{merchant}’s account at {provider} cannot take {amount}. This is not your fault."
            ),
            "Choose another way to pay.",
            "Or ask the merchant.",
        ),
        FailureCode::RepeatedTooSoon => failed(
            "Not paid: asked twice within a short time".to_owned(),
            format!("{provider} refuses the same amount from the same person so soon."),
            "Wait two minutes, then try again.",
            OTHER,
        ),
        FailureCode::AccountLocked => failed(
            format!("Not paid: your {provider} account is locked"),
            format!("{provider} does not let this account pay{on}."),
            format!("Ask {provider} to unlock it."),
            "Or use another number, a card or a bank transfer.",
        ),
        FailureCode::Expired => failed(
            "Not paid: the time is over".to_owned(),
            format!("No payment of {amount} reached us in time through {provider}."),
            "If your account shows that you paid, do not pay again. Money that arrives late still counts.",
            "Otherwise try again, or pay another way.",
        ),
        FailureCode::ProviderUnavailable => failed(
            format!("Not paid: {provider} is not working now"),
            format!("{provider} did not take the payment of {amount}."),
            "Wait a few minutes, then try again.",
            OTHER,
        ),
        FailureCode::ProviderMisconfigured => failed(
            format!("Not paid: {provider} is not set up rightly"),
            format!("{merchant} must mend a setting. This is not your fault."),
            "Choose another way to pay.",
            "Or tell the merchant.",
        ),
        FailureCode::RejectedByStaff => failed(
            "Your proof was not accepted".to_owned(),
            format!(
                "{merchant} could not match it with {amount}. Money that you sent is not lost: it counts here or comes back to you."
            ),
            "Ask the merchant what was wrong.",
            "Or send a new proof, or pay another way.",
        ),
    }
}

fn order_status(status: OrderStatus) -> Sentence {
    match status {
        OrderStatus::Open => say("This is not paid yet.", "Choose how you would like to pay."),
        OrderStatus::PartiallyPaid => say("A part is paid.", "Pay the rest here."),
        OrderStatus::Paid => say("This is paid.", "Keep the receipt."),
        OrderStatus::Cancelled => say("The merchant cancelled this.", "There is nothing to pay."),
        OrderStatus::Expired => say(
            "The time to pay is over.",
            "Ask the merchant to open it again.",
        ),
    }
}

fn payment_status(status: PaymentStatus) -> Sentence {
    match status {
        PaymentStatus::Created => say("The payment begins.", "Wait a moment."),
        PaymentStatus::Pending => say(
            "The payment is on its way.",
            "Wait here, the answer comes to this page.",
        ),
        PaymentStatus::RequiresAction => say(
            "The payment waits for you.",
            "Finish it on your phone or on the provider’s page.",
        ),
        PaymentStatus::Processing => say(
            "The payment is being handled.",
            "Wait, and do not pay again.",
        ),
        PaymentStatus::Unknown => say(
            "We do not know yet whether the money went.",
            "Wait, and do not pay again. We keep asking.",
        ),
        PaymentStatus::Mismatched => say(
            "A person is checking this payment.",
            "Wait, and do not pay again.",
        ),
        PaymentStatus::Succeeded => say("The money has arrived.", "Keep the receipt."),
        PaymentStatus::Failed => say(
            "The payment did not go through.",
            "Try again, or pay another way.",
        ),
        PaymentStatus::Cancelled => say(
            "The payment was cancelled.",
            "Try again when you are ready.",
        ),
        PaymentStatus::Expired => say(
            "The time for this payment is over.",
            "If you paid, do not pay again. Otherwise try again.",
        ),
    }
}

fn proof_status(status: ProofStatus) -> Sentence {
    match status {
        ProofStatus::Submitted => say(
            "We have your proof.",
            "A person checks it. You do not need to send it again.",
        ),
        ProofStatus::MoreWanted => say(
            "One more thing is needed.",
            "Send what the merchant asks for.",
        ),
        ProofStatus::Approved => say("Your proof was accepted.", "Keep the receipt."),
        ProofStatus::Rejected => say(
            "Your proof was not accepted.",
            "Send another proof, or pay another way.",
        ),
    }
}

fn flag(flag: Flag) -> Sentence {
    match flag {
        Flag::Late => say(
            "Your money came late, and it counts.",
            "You do not have to do anything.",
        ),
        Flag::Duplicate => say("You paid twice.", "The second payment comes back to you."),
        Flag::Over => say(
            "You paid more than was owed.",
            "The rest comes back to you.",
        ),
        Flag::Short => say("Less came than was owed.", "Pay the rest here."),
        Flag::PaidAfterCancel => say(
            "You paid after this was cancelled.",
            "The money comes back to you.",
        ),
    }
}

fn input(code: InputCode) -> &'static str {
    match code {
        InputCode::Invalid => "This does not look right. Please check it.",
        InputCode::Required => "Please fill this in.",
        InputCode::Length => "This is too long. Please shorten it.",
        InputCode::PhoneRequired => "Please type the phone number that pays.",
        InputCode::PhoneInvalid => {
            "This is not a phone number that we know. Type it like 0712 345 678 or +254 712 345 678."
        }
        InputCode::PhoneTooShort => "The number is too short. Please check each digit.",
        InputCode::PhoneTooLong => "The number is too long. Please check each digit.",
        InputCode::PhoneNotOfCountry => {
            "This number is from a country where this way to pay does not work. Type another number, or pay another way."
        }
        InputCode::PhoneNotOfOperator => {
            "This number belongs to another network. Type a number of this one, or pay another way."
        }
        InputCode::EmailRequired => "Please type your email.",
        InputCode::EmailInvalid => {
            "This is not a whole email address. It looks like name@example.com."
        }
        InputCode::MethodRequired => "Please choose a way to pay.",
        InputCode::MethodNotSupported
        | InputCode::MethodNotConfigured
        | InputCode::MethodUnknown
        | InputCode::ProviderNotAvailable
        | InputCode::ProviderUnknown => "This way to pay is not open now. Please choose another.",
        InputCode::CurrencyNotSupported | InputCode::MethodNotForCurrency => {
            "This way does not take this currency. Please choose another."
        }
        InputCode::AmountTooSmall => "The amount is too small for this way. Please choose another.",
        InputCode::AmountTooLarge => "The amount is too large for this way. Please choose another.",
        InputCode::AmountNotRepresentable => {
            "This way cannot carry the exact amount. Please choose another."
        }
        InputCode::PaymentInFlight => {
            "A prompt is already on its way to this phone. Answer it, or wait until it ends."
        }
        InputCode::PaymentUnknown => {
            "We do not know yet how your last payment ended. Wait for its answer, and do not pay again."
        }
        InputCode::OrderClosed => "This can no longer be paid.",
        InputCode::ProofEmpty => "Please add a photo, the SMS text or the transaction number.",
        InputCode::ProofClosed => "This proof is decided already.",
        InputCode::ProofWaits => {
            "Your last proof is being looked at already. There is no need to send another."
        }
        InputCode::UploadSlow => {
            "The upload was too slow and broke off. Try again, with a smaller photo or only the transaction number."
        }
        InputCode::ReferenceAscii => {
            "A transaction number has Latin letters and digits alone. Copy it from the slip or the SMS."
        }
        InputCode::FileTooLarge => {
            "The file is larger than 8 MB. Take a smaller photo or a screenshot."
        }
        InputCode::FileType => {
            "Only JPG, PNG and PDF can be read here. Take a screenshot and send that."
        }
        InputCode::FileUnreadable | InputCode::FileEmpty => {
            "The file cannot be read. Take the photo again and send it."
        }
        InputCode::AmountInvalid => "The amount cannot be read. Write a number, such as 1,500.",
        InputCode::AmountOutside => "Choose an amount between the lowest and the highest.",
        InputCode::ReferenceInvalid => {
            "This does not look like a transaction number. Copy it from the slip or the SMS."
        }
        InputCode::Trouble => "Something went wrong here. Nothing was sent. Please try again.",
    }
}
