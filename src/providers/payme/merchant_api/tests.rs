use super::*;

/// A key as Payme makes them: with punctuation, and here with a colon too.
const KEY: &str = "q%&#@?()x:Wb1yAZ2Zb6kV0oF5mB3dT7rN9c";

fn basic(text: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    format!("Basic {encoded}")
}

fn read(body: &str) -> Result<Asked, i64> {
    let envelope = Envelope::open(body.as_bytes()).map_err(|e| e.code)?;
    envelope.read().map_err(|e| e.code)
}

#[test]
fn the_key_is_split_at_the_first_colon_and_must_fit_wholly() {
    let key = SecretString::from(KEY);
    let fits = |header: &str| authorized(Some(header), Some(&key));
    assert!(fits(&basic(&format!("Paycom:{KEY}"))));
    assert!(fits(
        &basic(&format!("Paycom:{KEY}")).replace("Basic", "basic")
    ));
    assert!(fits(basic(&format!("Paycom:{KEY}")).trim_end_matches('=')));
    for wrong in [
        basic(&format!("paycom:{KEY}")),
        basic(&format!("Paycom:{KEY}x")),
        basic(&format!("Paycom:{}", &KEY[1..])),
        basic(&format!(":{KEY}")),
        basic("Paycom:"),
        basic("Paycom"),
        basic(KEY),
        format!("Bearer {KEY}"),
        KEY.to_owned(),
        "Basic ***".to_owned(),
        "Basic".to_owned(),
        String::new(),
    ] {
        assert!(!fits(&wrong), "{wrong}");
    }
    assert!(!authorized(None, Some(&key)));
    assert!(!authorized(Some(&basic("Paycom:")), None));
    // An account without a key lets nobody in.
    let none = SecretString::from("");
    assert!(!authorized(Some(&basic("Paycom:")), Some(&none)));
}

#[test]
fn a_request_is_read_in_paymes_order_of_checks() {
    for (body, want) in [
        ("", -32700),
        ("{", -32700),
        ("nonsense", -32700),
        ("[]", -32600),
        ("1", -32600),
        ("null", -32600),
        ("{}", -32600),
        (r#"{"method":7,"params":{},"id":1}"#, -32600),
        (
            r#"{"method":"CheckTransaction","params":[],"id":1}"#,
            -32600,
        ),
        (
            r#"{"method":"CheckTransaction","params":{},"id":{}}"#,
            -32600,
        ),
        (r#"{"method":"NoSuch","params":{},"id":1}"#, -32601),
        (
            r#"{"method":"receipts.pay","params":{"id":"1"},"id":1}"#,
            -32601,
        ),
        (r#"{"method":"CheckTransaction","id":1}"#, -32600),
        (r#"{"method":"CheckTransaction","params":{"id":5}}"#, -32600),
        (
            r#"{"method":"CheckTransaction","params":{"id":""}}"#,
            -32600,
        ),
        (
            r#"{"method":"CheckTransaction","params":{"id":"a\u0000b"}}"#,
            -32600,
        ),
        (
            r#"{"method":"CancelTransaction","params":{"id":"a"}}"#,
            -32600,
        ),
        (
            r#"{"method":"CancelTransaction","params":{"id":"a","reason":"5"}}"#,
            -32600,
        ),
        (r#"{"method":"GetStatement","params":{"from":1}}"#, -32600),
        (
            r#"{"method":"GetStatement","params":{"from":1,"to":2.5}}"#,
            -32600,
        ),
        (
            r#"{"method":"SetFiscalData","params":{"id":"a","type":"X","fiscal_data":{}}}"#,
            -32600,
        ),
        (
            r#"{"method":"SetFiscalData","params":{"id":"a","type":"PERFORM"}}"#,
            -32602,
        ),
        (
            r#"{"method":"ChangePassword","params":{"password":1}}"#,
            -32600,
        ),
        (
            r#"{"method":"ChangePassword","params":{"password":"a\nb"}}"#,
            -32600,
        ),
    ] {
        assert_eq!(read(body).err(), Some(want), "{body}");
    }
    let deep = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
    assert_eq!(read(&deep).err(), Some(-32700));
}

#[test]
fn r1_an_amount_is_an_integer_and_nothing_else() {
    let with = |amount: &str| {
        read(&format!(
            r#"{{"method":"CheckPerformTransaction","params":{{"amount":{amount},"account":{{"order_id":"1"}}}},"id":1}}"#
        ))
    };
    for bad in [
        "500000.5",
        "500000.0",
        "5e5",
        "\"500000\"",
        "true",
        "null",
        "[]",
        "99999999999999999999",
    ] {
        assert_eq!(with(bad).err(), Some(-32600), "{bad}");
    }
    for good in [500_000, 0, -1] {
        let Ok(Asked::CheckPerform { amount, .. }) = with(&good.to_string()) else {
            panic!("{good}");
        };
        assert_eq!(amount, good);
    }
}

#[test]
fn requests_are_read_as_payme_sends_them() {
    let body = r#"{"method":"CreateTransaction","params":{"id":"5305e3bab097f420a62ced0b","time":1399114284039,"amount":500000,"account":{"order_id":"197"}},"id":2032}"#;
    let envelope = Envelope::open(body.as_bytes()).unwrap();
    assert_eq!(envelope.id, 2032);
    let Asked::Create {
        id,
        time,
        amount,
        account,
    } = envelope.read().unwrap()
    else {
        panic!("{body}");
    };
    assert_eq!(
        (id.as_str(), time, amount),
        ("5305e3bab097f420a62ced0b", 1_399_114_284_039, 500_000)
    );
    assert_eq!(account_value(&account, "order_id").as_deref(), Some("197"));
    assert_eq!(account_value(&account, "phone"), None);
    let odd: Map<String, Value> =
        serde_json::from_str(r#"{"a":197,"b":null,"c":true,"d":[]}"#).unwrap();
    assert_eq!(account_value(&odd, "a").as_deref(), Some("197"));
    for field in ["b", "c", "d"] {
        assert_eq!(account_value(&odd, field), None);
    }
}

#[test]
fn answers_echo_the_id_and_errors_speak_three_languages() {
    let id = json!(2036);
    let refusal = Refused::account_not_found().about("order_id");
    let answer: Value = serde_json::from_str(&refused(&id, &refusal)).unwrap();
    assert_eq!(answer["id"], 2036);
    assert_eq!(answer["error"]["code"], -31050);
    assert_eq!(answer["error"]["data"], "order_id");
    for language in ["ru", "uz", "en"] {
        assert!(answer["error"]["message"][language].is_string());
    }
    assert_eq!(
        said(&json!("x"), &json!({"allow": true})),
        r#"{"id":"x","result":{"allow":true}}"#
    );
}

#[test]
fn r15_a_new_key_is_taken_out_of_what_is_kept() {
    let body = br#"{"method":"ChangePassword","params":{"password":"hunter2"},"id":1}"#;
    let kept = Envelope::open(body).unwrap().without_password().unwrap();
    assert!(!kept.to_string().contains("hunter2"), "{kept}");
    assert_eq!(kept["method"], "ChangePassword");
    let plain = br#"{"method":"CheckTransaction","params":{"id":"a"},"id":1}"#;
    assert_eq!(Envelope::open(plain).unwrap().without_password(), None);
}
