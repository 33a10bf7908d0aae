//! Nothing is missing in any language, and every value that goes into a text comes out of it.

use super::*;
use crate::domain::method::Method;

fn check(lang: Lang, text: &str, seen: &mut usize) {
    assert!(!text.trim().is_empty(), "{lang:?}");
    assert!(
        !text.contains("  ") && !text.contains('!'),
        "{lang:?}: {text}"
    );
    *seen += 1;
}

#[test]
fn every_language_says_something_for_every_code_state_and_flag() {
    for lang in Lang::ALL {
        let t = lang.texts();
        let mut seen = 0;
        let facts = Facts {
            provider: "M-Pesa",
            amount: "KES 1,500",
            phone: Some("0712 345 678"),
            merchant: "Amani",
        };
        for code in FailureCode::ALL {
            for phone in [facts.phone, None] {
                let text = (t.failure)(*code, &Facts { phone, ..facts });
                for part in [&text.title, &text.body, &text.next[0], &text.next[1]] {
                    check(lang, part, &mut seen);
                }
            }
        }
        let statuses = OrderStatus::ALL.iter().map(|s| (t.order_status)(*s));
        let statuses = statuses.chain(PaymentStatus::ALL.iter().map(|s| (t.payment_status)(*s)));
        let statuses = statuses.chain(ProofStatus::ALL.iter().map(|s| (t.proof_status)(*s)));
        for sentence in statuses.chain(Flag::ALL.iter().map(|f| (t.flag)(*f))) {
            check(lang, sentence.says, &mut seen);
            check(lang, sentence.next, &mut seen);
        }
        for code in InputCode::ALL {
            assert_eq!(InputCode::parse(code.as_str()), *code);
            check(lang, (t.input)(*code), &mut seen);
        }
        for method in Method::ALL {
            check(lang, &(t.method_name)(*method, "Paystack"), &mut seen);
            check(lang, (t.by_hand_title)(*method), &mut seen);
            check(lang, (t.group)(method.group()), &mut seen);
        }
        for outcome in Outcome::ALL {
            check(lang, (t.outcome)(outcome), &mut seen);
        }
        for outcome in MockOutcome::ALL {
            check(lang, (t.mock_outcome)(outcome), &mut seen);
        }
        for kind in OrderKind::ALL {
            check(lang, (t.kind)(kind), &mut seen);
        }
        for hours in [None, Some(1), Some(2), Some(3), Some(11), Some(24)] {
            check(lang, &(t.checked_within)(hours), &mut seen);
            check(lang, &(t.proof_sent_body)(hours), &mut seen);
        }
        for plain in plain_texts(t) {
            check(lang, plain, &mut seen);
        }
        for with_one in texts_with_one(t) {
            let text = with_one("‹1›");
            assert!(text.contains("‹1›"), "{lang:?}: {text}");
            check(lang, &text, &mut seen);
        }
        for with_two in texts_with_two(t) {
            let text = with_two("‹1›", "‹2›");
            assert!(
                text.contains("‹1›") && text.contains("‹2›"),
                "{lang:?}: {text}"
            );
            check(lang, &text, &mut seen);
        }
        assert!(seen > 300);
    }
}

#[expect(clippy::too_many_lines, reason = "one line for each text")]
fn plain_texts(t: &Texts) -> Vec<&'static str> {
    vec![
        t.language,
        t.test_mode,
        t.test_note,
        t.test_tag,
        t.test_prefix,
        t.test_mark,
        t.email,
        t.pay_by,
        t.left_to_pay,
        t.next_part,
        t.paid_so_far,
        t.how_pay,
        t.recommended,
        t.fee_some,
        t.continue_,
        t.nothing_taken_yet,
        t.test_stays_unpaid,
        t.return_unpaid,
        t.nothing_offered,
        t.nothing_offered_next,
        t.test_others,
        t.simulator_only,
        t.email_label,
        t.send_prompt,
        t.pin_hint,
        t.next_title,
        t.other_ways,
        t.look_phone,
        t.prompt_picture,
        t.other_prompt,
        t.step_sent,
        t.step_phone,
        t.step_pin,
        t.step_done,
        t.auto_check,
        t.no_auto_check,
        t.nothing_on_phone,
        t.check_now,
        t.unknown_title,
        t.message_yes,
        t.message_no,
        t.mismatch_title,
        t.send_money,
        t.show_us,
        t.copy_hint,
        t.bank,
        t.branch,
        t.account_name,
        t.account_number,
        t.mobile_name,
        t.mobile_number,
        t.amount_exact,
        t.business_number,
        t.till_number,
        t.simple_phone,
        t.dial,
        t.then_pin,
        t.have_paid,
        t.seen_soon,
        t.not_shown,
        t.reason,
        t.cash_proof,
        t.what_have,
        t.have_photo,
        t.have_sms,
        t.have_number,
        t.photo_label,
        t.photo_hint,
        t.sms_label,
        t.sms_hint,
        t.ref_label,
        t.ref_hint,
        t.note_label,
        t.send_proof,
        t.proof_sent_title,
        t.step_proof_sent,
        t.step_proof_waits,
        t.step_proof_checking,
        t.step_answer,
        t.keep_link,
        t.what_you_sent,
        t.proof_word,
        t.note_word,
        t.review_title,
        t.rejected_title,
        t.send_another,
        t.pay_another_way,
        t.more_title,
        t.proof_kept,
        t.paid,
        t.paid_test,
        t.paid_test_body,
        t.for_,
        t.paid_with,
        t.receipt_number,
        t.date,
        t.given_back,
        t.keep_receipt,
        t.nothing_taken,
        t.what_you_can_do,
        t.payment_number,
        t.bank_hold,
        t.expired_title,
        t.did_you_pay,
        t.late_counts,
        t.look_for_payment,
        t.cancelled_title,
        t.already_title,
        t.already_body,
        t.see_receipt,
        t.twice_body,
        t.kept,
        t.comes_back,
        t.twice_saw,
        t.twice_done,
        t.link_unknown_title,
        t.link_unknown_body,
        t.trouble_title,
        t.trouble_body,
        t.amount_label,
        t.name_label,
        t.phone_label_any,
        t.optional,
        t.link_off_title,
        t.link_ended_title,
        t.link_used_title,
        t.link_held_title,
        t.link_held_body,
        t.mock_title,
        t.mock_body,
    ]
}

fn texts_with_one(t: &Texts) -> Vec<F1> {
    vec![
        t.fee,
        t.ways_left,
        t.error_title,
        t.pay_by_way,
        t.way_instead,
        t.till_way,
        t.till_note,
        t.not_shown_body,
        t.test_button,
        t.ask_merchant,
        t.test_data,
        t.test_use,
        t.pay_with,
        t.phone_label,
        t.email_hint,
        t.go_to_page,
        t.prompt_pin,
        t.step_page,
        t.step_confirms,
        t.step_asked,
        t.page_title,
        t.message_question,
        t.from_merchant,
        t.since,
        t.file_photo,
        t.file_pdf,
        t.review_body,
        t.rejected_body,
        t.money_not_lost,
        t.more_body,
        t.code_of,
        t.back_to,
        t.try_again,
        t.tried,
        t.expired_body,
        t.pay_merchant,
        t.pay_whole,
        t.pay_part,
        t.contact_hint,
        t.link_ask_other,
        t.ask_new_link,
        t.cancelled_body,
        t.twice_title,
        t.where_is,
        t.twice_sends,
        t.over_title,
        t.after_cancel_title,
    ]
}

fn texts_with_two(t: &Texts) -> Vec<F2> {
    vec![
        t.pay_title,
        t.look_title,
        t.type_pin,
        t.prompt_pay,
        t.page_body,
        t.unknown_body,
        t.mismatch_body,
        t.cash_body,
        t.paid_title,
        t.amount_between,
        t.part_of,
        t.amount_by,
    ]
}
