//! Hooks: who may send them, what they say, and that they never prove anything.
use super::*;

fn told(status: &str) -> String {
    json!({"event": "charge.completed", "data": paid_as(285_959_875, status),
        "meta_data": {"payment_reference": "p-77"}, "event.type": "CARD_TRANSACTION"})
    .to_string()
}

#[test]
fn r5_a_hook_needs_the_whole_secret_hash_and_is_a_hint_all_the_same() {
    let body = told("successful");
    for hash in [HASH, "the-hash-before"] {
        let raw = hook(&[("verif-hash", hash)], &body, "");
        let (proof, reading) = receive(&Flutterwave, &ours(), &raw).unwrap();
        assert_eq!(proof, HookProof::Hint);
        let HookAbout::Payment { report, .. } = reading.about else {
            panic!("{reading:?}");
        };
        assert_eq!(report, None);
    }
    for headers in [
        vec![],
        vec![("verif-hash", "")],
        vec![("verif-hash", "a-long-secret-has")],
        vec![("verif-hash", "a-long-secret-hash ")],
        vec![("verif-hash", "A-LONG-SECRET-HASH")],
        vec![("flutterwave-signature", HASH)],
    ] {
        let refused = receive(&Flutterwave, &ours(), &hook(&headers, &body, "")).unwrap_err();
        assert!(matches!(refused, HookError::NotVerified(_)), "{headers:?}");
    }
    for shop in [
        account(&[("secret_key", KEY)]),
        account(&[("secret_key", KEY), ("secret_hash", "")]),
        account(&[("secret_key", KEY), ("secret_hash", " ")]),
    ] {
        for given in ["", " ", HASH, KEY] {
            let raw = hook(&[("verif-hash", given)], &body, "");
            let refused = receive(&Flutterwave, &shop, &raw).unwrap_err();
            assert!(matches!(refused, HookError::NotVerified(_)), "{given:?}");
        }
    }
    assert_eq!(INFO.secret_headers, ["verif-hash"]);
}

fn read(body: &str) -> Result<HookReading, HookError> {
    Flutterwave.read(&ours(), &hook(&[], body, ""))
}

#[test]
fn r7_the_same_news_has_one_key_and_other_news_another() {
    let key = |body: &str| read(body).unwrap().dedupe_key;
    let paid = told("successful");
    assert_eq!(key(&paid), key(&paid));
    assert_ne!(key(&paid), key(&told("failed")));
    // A lie about the transaction does not silence the true hook.
    assert_ne!(key(&paid), key(&paid.replace("p-77", "p-78")));
    assert_ne!(key(&paid), key(&paid.replace("285959875", "285959876")));
    let long = paid.replace("p-77", &"x".repeat(9_000));
    assert!(key(&long).len() <= 160);
    let back = |status: &str| {
        json!({"id": 89_074, "AmountRefunded": 50, "status": status, "TransactionId": 8_784_082})
            .to_string()
    };
    assert_ne!(key(&back("completed")), key(&back("completed-mpgs")));
}

#[test]
fn the_three_shapes_are_read() {
    let reading = read(&told("failed")).unwrap();
    assert_eq!(reading.event, "charge.completed");
    let id = Some("285959875".to_owned());
    assert_eq!(
        reading.about,
        HookAbout::Payment {
            reference: Some("p-77".to_owned()),
            claims: Claims {
                provider_ref: id.clone(),
                receipt: id,
                amount: Some(money(250_000, "NGN")),
            },
            report: None,
        }
    );
    let v2 = r#"{"id":126122,"txRef":"p-77","flwRef":"FLW00102","orderRef":"URF_1","amount":100,
        "charged_amount":100,"status":"successful","currency":"NGN","event.type":"CARD_TRANSACTION"}"#;
    let HookAbout::Payment {
        reference, claims, ..
    } = read(v2).unwrap().about
    else {
        panic!("{v2}");
    };
    assert_eq!(reference.as_deref(), Some("p-77"));
    assert_eq!(claims.receipt.as_deref(), Some("126122"));
    let refund = r#"{"id":89074,"AmountRefunded":5000,"status":"completed","FlwRef":"flwm3s4m0c1",
        "destination":"payment_source","comments":"Refund ref_1 of p-77","settlement_id":"NEW","meta":"{}",
        "createdAt":"2026-01-04T16:18:31.000Z","walletId":1,"AccountId":2,"TransactionId":8784082}"#;
    let about = HookAbout::Refund {
        payment_reference: Some("p-77".to_owned()),
        refund_reference: Some("ref_1".to_owned()),
    };
    assert_eq!(read(refund).unwrap().about, about);
    let wrapped = format!(r#"{{"event":"refund.completed","data":{refund}}}"#);
    assert_eq!(read(&wrapped).unwrap().about, about);
    for (comments, refund) in [
        ("Refund ref_1", Some("ref_1")),
        ("sold out", None),
        ("of p-77", None),
        ("", None),
    ] {
        let body = json!({"id": 1, "TransactionId": 2, "status": "new", "comments": comments});
        let about = HookAbout::Refund {
            payment_reference: None,
            refund_reference: refund.map(str::to_owned),
        };
        assert_eq!(read(&body.to_string()).unwrap().about, about, "{comments}");
    }
}

#[test]
fn other_news_is_nothing_and_no_shape_breaks_the_reading() {
    for body in [
        r#"{"event":"transfer.completed","data":{"id":1,"status":"SUCCESSFUL"}}"#,
        r#"{"event":"subscription.cancelled","data":null}"#,
        r#"{"event":"charge.completed"}"#,
        r#"{"event":"charge.completed","data":[1]}"#,
        r#"{"event":"charge.completed","data":{"id":"../x","tx_ref":null}}"#,
        r#"{"CardId":"x","Amount":1}"#,
        "{}",
    ] {
        let about = read(body).unwrap().about;
        assert!(matches!(about, HookAbout::Nothing(_)), "{body}: {about:?}");
    }
    for body in ["", "nonsense", "[]", "null", "7", "\"charge.completed\""] {
        assert!(
            matches!(read(body), Err(HookError::Unreadable(_))),
            "{body}"
        );
    }
    let raw = RawHook {
        headers: BTreeMap::new(),
        body: vec![0xff, 0xfe],
        path_reference: String::new(),
    };
    assert!(Flutterwave.read(&ours(), &raw).is_err());
}
