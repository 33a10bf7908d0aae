//! What customers are told, in every language: one `const` a language, which lacks no text or does
//! not compile. Amounts and dates come in ready, from [`crate::services::format`]. The team is told
//! in English, as the dashboard is; [`super::alerts`] has those words.
mod ar;
mod en;
mod fr;
mod sw;

use crate::domain::lang::Lang;

type T = &'static str;
/// A text with one value in it.
type F1 = fn(&str) -> String;
type F2 = fn(&str, &str) -> String;
type F3 = fn(&str, &str, &str) -> String;

/// Every text of the messages to customers.
pub struct Texts {
    /// The customer's name.
    pub hello: F1,
    pub hello_plain: T,

    // Names of facts.
    pub for_: T,
    pub amount: T,
    pub paid: T,
    pub reference: T,
    pub paid_with: T,
    pub code: T,
    pub receipt_number: T,
    pub date: T,
    pub pay_by: T,
    pub left: T,
    pub given_back: T,
    pub merchant_says: T,
    pub plan: T,
    pub ends: T,

    /// The amount, the merchant.
    pub receipt_subject: F2,
    pub receipt_body: F1,
    pub see_receipt: T,
    /// The amount, the merchant, the receipt's number; the link follows.
    pub receipt_sms: F3,

    /// The amount, the merchant.
    pub request_subject: F2,
    pub request_body: F2,
    pub pay_now: T,
    /// The amount, the merchant; the link follows.
    pub request_sms: F2,

    /// The amount, the merchant.
    pub reminder_subject: F2,
    /// The merchant, the amount, the day; the link follows.
    pub reminder_body: F3,
    pub reminder_late_body: F3,
    pub reminder_paid: T,

    /// The merchant.
    pub rejected_subject: F1,
    /// The merchant, the amount.
    pub rejected_body: F2,
    pub rejected_next: T,
    pub pay_or_send: T,

    /// The merchant.
    pub more_subject: F1,
    /// The merchant, the amount.
    pub more_body: F2,
    pub send_more: T,

    /// The amount, the merchant.
    pub refund_subject: F2,
    pub refund_body: F2,
    pub refund_next: T,

    /// The plan, the day.
    pub renewal_subject: F2,
    /// The plan, the merchant, the day.
    pub renewal_body: F3,
    /// The plan, the day it ended.
    pub renewal_late_subject: F2,
    /// The plan, the merchant, the day it ended.
    pub renewal_late_body: F3,
    pub renew_now: T,

    /// The merchant's name with its phone or e-mail.
    pub questions: F2,
    /// The merchant.
    pub no_answer: F1,
    pub no_secrets: T,
}

/// The texts of a language.
pub const fn of(lang: Lang) -> &'static Texts {
    match lang {
        Lang::En => &en::TEXTS,
        Lang::Sw => &sw::TEXTS,
        Lang::Fr => &fr::TEXTS,
        Lang::Ar => &ar::TEXTS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_that_goes_into_a_text_comes_out_of_it() {
        for lang in Lang::ALL {
            let t = of(lang);
            let ones = [
                t.hello,
                t.receipt_body,
                t.rejected_subject,
                t.more_subject,
                t.no_answer,
            ];
            for text in ones.map(|f| f("‹1›")) {
                assert!(text.contains("‹1›"), "{lang:?}: {text}");
            }
            let twos = [
                t.receipt_subject,
                t.request_subject,
                t.request_body,
                t.request_sms,
                t.reminder_subject,
                t.rejected_body,
                t.more_body,
                t.refund_subject,
                t.refund_body,
                t.renewal_subject,
                t.renewal_late_subject,
                t.questions,
            ];
            for text in twos.map(|f| f("‹1›", "‹2›")) {
                let whole = text.contains("‹1›") && text.contains("‹2›");
                assert!(whole, "{lang:?}: {text}");
            }
            let threes = [
                t.receipt_sms,
                t.reminder_body,
                t.reminder_late_body,
                t.renewal_body,
                t.renewal_late_body,
            ];
            for text in threes.map(|f| f("‹1›", "‹2›", "‹3›")) {
                let whole = ["‹1›", "‹2›", "‹3›"].iter().all(|v| text.contains(v));
                assert!(whole, "{lang:?}: {text}");
            }
        }
    }
}
