use super::super::credential::security_credential;
use super::super::operator::reversal;
use super::*;
use crate::providers::testing::refund_of;
use crate::providers::{Answer as Told, Answered, Asked, Inquiry, RefundFound, RefundReport};
use rsa::PrivateKey;
use rsa::pkcs8::DecodePrivateKey;

/// A certificate of our own, with its public and private key.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIDNzCCAh+gAwIBAgIUP3V9PLeGmC34g00OAwGt1QibG6EwDQYJKoZIhvcNAQEL
BQAwKzELMAkGA1UEBhMCS0UxDTALBgNVBAoMBFRlc3QxDTALBgNVBAMMBHRlc3Qw
HhcNMjYxMTI4MDM1MzE0WhcNMjYxMTI5MDM1MzE0WjArMQswCQYDVQQGEwJLRTEN
MAsGA1UECgwEVGVzdDENMAsGA1UEAwwEdGVzdDCCASIwDQYJKoZIhvcNAQEBBQAD
ggEPADCCAQoCggEBAMVARcmLpnH5tGe7YYBRfmNR4cZffyD0Tu2Kw4JAXz6eigaI
FAzFqZhf2TXAyYqIMpwbgp2Rasw4HKn6R+6a2cGuBMZ9CCHsDydlzX+2IlSl7vWq
/nZYv+VYeEny87cC/23qmbTe+p8qa2kAQkRt45vwSZpIjp3h5A4T2WHABuTbjlMU
e0+oZabPjZ1pZoECT/QV3ijdw0YRTr6M3ndNpbWruPxiBKYKMZcU4GvFF6HidJ/K
aUWegfsd8WGsafSsgS5pDurNqpXyCqMaRFfDtadRQmY3TXmVQdf6PqfM5EanxzJb
x6EMbGzGE861/Gi4BAjbxDcBJDf8GO6oCYDSv4sCAwEAAaNTMFEwHQYDVR0OBBYE
FLx4Rz1a/iAieqj5KLucfbfWupYAMB8GA1UdIwQYMBaAFLx4Rz1a/iAieqj5KLuc
fbfWupYAMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAH1Xzxaj
wQkFFb2fpB+ZjO+3pk2IQoucxEGHnRAJzD0yCw1SdSMyLTQH9LerOjg2YsYKXbmC
rO7IBuuLPf5qlTleaP1kRdHtMc5O0YRZuMx7PKoMMkblyAD0kwaMLL/QRjwXP4eG
SpvmKa9hEx0DeWu5izQnSIfh+NFZzt//befiIUGEyt0y3bd8b04dV3vXVnEtgeqW
d38fvkVAulz/pcxCqAO4mMoHnMs9SdY+hCfZ6/LZRe2tRnFMpTXaUr20dFk0m61r
W67lyHpZoPCkaJZ+C25EJm1o0gASuuwB8p/bgqsZFC5MZslfK78UbVLz6R/2CYXk
sMmVMpqc490/3FI=
-----END CERTIFICATE-----";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxUBFyYumcfm0Z7thgFF+
Y1Hhxl9/IPRO7YrDgkBfPp6KBogUDMWpmF/ZNcDJiogynBuCnZFqzDgcqfpH7prZ
wa4Exn0IIewPJ2XNf7YiVKXu9ar+dli/5Vh4SfLztwL/beqZtN76nypraQBCRG3j
m/BJmkiOneHkDhPZYcAG5NuOUxR7T6hlps+NnWlmgQJP9BXeKN3DRhFOvozed02l
tau4/GIEpgoxlxTga8UXoeJ0n8ppRZ6B+x3xYaxp9KyBLmkO6s2qlfIKoxpEV8O1
p1FCZjdNeZVB1/o+p8zkRqfHMlvHoQxsbMYTzrX8aLgECNvENwEkN/wY7qgJgNK/
iwIDAQAB
-----END PUBLIC KEY-----";
const PRIVATE: &str = "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDFQEXJi6Zx+bRnu2GAUX5jUeHGX38g9E7tisOCQF8+nooGiBQMxamYX9k1wMmKiDKcG4KdkWrMOByp+kfumtnBrgTGfQgh7A8nZc1/tiJUpe71qv52WL/lWHhJ8vO3Av9t6pm03vqfKmtpAEJEbeOb8EmaSI6d4eQOE9lhwAbk245TFHtPqGWmz42daWaBAk/0Fd4o3cNGEU6+jN53TaW1q7j8YgSmCjGXFOBrxReh4nSfymlFnoH7HfFhrGn0rIEuaQ7qzaqV8gqjGkRXw7WnUUJmN015lUHX+j6nzORGp8cyW8ehDGxsxhPOtfxouAQI28Q3ASQ3/BjuqAmA0r+LAgMBAAECggEALtEhf0PBHr44voIwEyfEishNgSr7XpP+A81yuACVWqSAeCpmL93ecgcV4/c9Hr9S29B/wOxZ39zVmNaJqi1gz+KAyae1fW+s7Rnxm4VcQqEbxX1vZiGMcl/8NPkQNXjlrW4IS3C9JXgJBGQGVn2Kj2GJ5q+gAgMygNDfQJ82Q60aP1C/PLaHZ6TtDT0WHjuTKPeat6erZ0s8JhTlaBi7WeSdHdhdEZVEFuObchD69TCDNcM02UOqKERpYcJC4q2tVTM1MxinlNOyWYiv4teIpqsZZ/i3ohPcqdx+rX3uxrFmXaYUaMFqGu6vMd939I8ou7tfUOZ1a9KUIUsa2Rz9oQKBgQDiC7zxuqPPGu8+ltYPwGeTg4Y51kODDot+gdSz1pgGTT9L44Hz1rCoohLvLzTsyaBonVwo9XJcKp6QVKlz0nmgWDIfFoT++Ew0aNg7bzY45yyW7qplRcedi3Jgtu/iKC/SRGF0QdKK4DukNUyjVn2SGSHWO1F0uIbG1ADh4eLnsQKBgQDfY7cU+LTMjszcVDy/tup3ozBfjtkRrM5zWDP8h6AniTU6Dd+joVhKIqZdssnZ743tS3rMZMTijYWOeKrefB1Rhl6HDeef22i58wt0PK19ToolnXeNKVxmgTWV/OZ7x913kfz9qa8LweI8X6aB99xzPQbJU8nIPuUFJl3yze0l+wKBgQDAIy4VYom+jqxxTRDjDq57qr47By8XhRN5Eq5TtsI+CQcWYGmjdAdxL2JcwImCA9g/VBJ0Fj2ArhFdqTjn5C3R52WjGycs+qz7l2rFCkDSmV1DZdacgnWsKk2se5LnbzVGyyzy/sgRl4vahhuAcxIFTyt9x6nzRq3471dYqQKP4QKBgCtcXqA6elWubkNiMnyAE9jvGyehQa81nMk02Lpu1P53mpZPNRa87bdOLH7JgnbEEgd6fDaKZNEY6VCzSW9wJfy6GUUbxNb5rsVRUOraEE7fXN9aRmdnHOFkuTMI6PAj5nAcLUBLnIeqtbBEXLyjkO3pbZTMp8EvvCKYxOmpYRvbAoGBAJEi+g76Jca2AO8QuvJFlzNJfTfd1RbI02hSHXvANLr1bzqj/RhfmP+buUAGFriqj2vHeHZ6O1Up0AliwziZU7KWPEpe0zfx2rn9wPGz1RyM1ECfk1BMMWfRpOMTvtsFO+2gtRijpPZQH4voArR+czE1ytCrKzsqwGML4Aa+ydrF";

fn with_operator() -> Account {
    let mut account = ours();
    for (field, value) in [
        ("initiator_name", "testapi"),
        ("initiator_password", "Safaricom999!*!"),
        ("certificate", CERTIFICATE),
    ] {
        account.credentials.insert(field.to_owned(), value.into());
    }
    account
}

fn opened(credential: &str) -> String {
    let key = PrivateKey::from_pkcs8_der(&STANDARD.decode(PRIVATE).unwrap()).unwrap();
    let sealed = STANDARD.decode(credential).unwrap();
    String::from_utf8(key.pkcs1v15_decrypt(&sealed).unwrap()).unwrap()
}

fn paid() -> PaymentRef {
    PaymentRef {
        receipt: Some("NLJ7RT61SV".to_owned()),
        ..ref_of(money(150_000, "KES"), Method::StkPush)
    }
}

#[test]
fn the_password_is_sealed_for_the_key_of_the_certificate_anew_each_time() {
    let mut account = with_operator();
    let one_line = CERTIFICATE.replace('\n', " ");
    let bare = CERTIFICATE.lines().filter(|l| !l.contains("-----"));
    let bare: String = bare.collect();
    for certificate in [CERTIFICATE, PUBLIC, &one_line, &bare] {
        let value = certificate.into();
        account.credentials.insert("certificate".to_owned(), value);
        let (a, b) = (security_credential(&account), security_credential(&account));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(a.len(), 344, "a key of 2048 bits");
        assert_ne!(a, b);
        assert_eq!(opened(&a), "Safaricom999!*!");
    }
    for bad in [
        "hello",
        "AAAA",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ] {
        account
            .credentials
            .insert("certificate".to_owned(), bad.into());
        let refused = security_credential(&account).unwrap_err();
        assert!(refused.to_string().contains("certificate"), "{refused}");
    }
    let ready = ("security_credential".to_owned(), "ready".into());
    account.credentials.extend([ready]);
    assert_eq!(security_credential(&account).unwrap(), "ready");
}

#[test]
fn both_built_in_keys_are_sound() {
    let mut account = with_operator();
    account.credentials.remove("certificate");
    for mode in [Mode::Test, Mode::Live] {
        account.mode = mode;
        assert_eq!(security_credential(&account).unwrap().len(), 344);
    }
}

#[test]
fn refunds_are_whole_reversals_where_an_operator_and_a_receipt_are_known() {
    let mut account = with_operator();
    assert_eq!(Mpesa.refunds(&account, &paid()), RefundSupport::FullOnly);
    let unknown = ref_of(money(150_000, "KES"), Method::StkPush);
    assert_eq!(Mpesa.refunds(&account, &unknown), RefundSupport::ByHand);
    account.credentials.remove("initiator_password");
    assert_eq!(Mpesa.refunds(&account, &paid()), RefundSupport::ByHand);
    let ready = ("security_credential".to_owned(), "ready".into());
    account.credentials.extend([ready]);
    assert_eq!(Mpesa.refunds(&account, &paid()), RefundSupport::FullOnly);
    assert_eq!(Mpesa.refunds(&ours(), &paid()), RefundSupport::ByHand);
}

const ACCEPTED: &str = r#"{"OriginatorConversationID":"f1e2-1","ConversationID":"AG_1","ResponseCode":"0","ResponseDescription":"Accept the service request successfully."}"#;

/// Safaricom's side that accepts everything and keeps what it got.
fn accepting(path: &'static str) -> (Router, Arc<Mutex<Vec<Value>>>) {
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let log = seen.clone();
    let taken = post(|body: String| async move {
        log.lock()
            .unwrap()
            .push(serde_json::from_str(&body).unwrap());
        ACCEPTED
    });
    (safaricom(404, "").route(path, taken), seen)
}

#[tokio::test]
async fn a_reversal_sends_what_daraja_documents_and_its_acknowledgement_is_no_refund() {
    let (router, seen) = accepting("/mpesa/reversal/v1/request");
    let bench = Bench::new(with_operator(), router).await;
    let back = refund_of(money(150_000, "KES"), paid());
    let report = Mpesa.refund(&bench.call(), &back).await.unwrap();
    assert_eq!(report.found, RefundFound::Pending);
    assert_eq!(report.provider_ref.as_deref(), Some("AG_1/f1e2-1"));
    let sent = seen.lock().unwrap().remove(0);
    for (field, want) in [
        ("Initiator", "testapi"),
        ("CommandID", "TransactionReversal"),
        ("TransactionID", "NLJ7RT61SV"),
        ("Amount", "1500"),
        ("ReceiverParty", "174379"),
        ("RecieverIdentifierType", "11"),
        ("ResultURL", "https://pay.example/hooks/0a1b/ref_1"),
        ("QueueTimeOutURL", "https://pay.example/hooks/0a1b/ref_1/0"),
        ("Remarks", "Sold out"),
    ] {
        assert_eq!(sent[field], want, "{field}");
    }
    assert_eq!(
        opened(sent["SecurityCredential"].as_str().unwrap()),
        "Safaricom999!*!"
    );
    let asked = Mpesa.fetch_refund(&bench.call(), &back).await.unwrap_err();
    assert!(matches!(asked, ProviderError::Unknown(_)));
    let odd = refund_of(money(150_050, "KES"), paid());
    let refused = Mpesa.refund(&bench.call(), &odd).await.unwrap_err();
    assert!(matches!(refused, ProviderError::Declined(_)), "{refused}");
}

#[tokio::test]
async fn without_an_operator_a_person_pays_it_back_and_nobody_is_asked() {
    let bench = Bench::new(ours(), Router::new()).await;
    let back = refund_of(money(150_000, "KES"), paid());
    let report = Mpesa.refund(&bench.call(), &back).await.unwrap();
    assert_eq!(report.found, RefundFound::ByHand);
    let report: RefundReport = Mpesa.fetch_refund(&bench.call(), &back).await.unwrap();
    assert_eq!(report.found, RefundFound::ByHand);
    let of = inquiry(Asked::Receipt("NLJ7RT61SV".to_owned()));
    assert_eq!(Mpesa.inquire(&bench.call(), &of).await, Ok(None));
}

fn inquiry(about: Asked) -> Inquiry {
    Inquiry {
        about,
        answer_url: "https://pay.example/hooks/0a1b/77".to_owned(),
    }
}

#[tokio::test]
async fn a_receipt_and_a_reversal_are_asked_after_at_an_address_of_their_own() {
    let (router, seen) = accepting("/mpesa/transactionstatus/v1/query");
    let bench = Bench::new(with_operator(), router).await;
    let (receipt, original) = ("TransactionID", "OriginalConversationID");
    for (about, name, value, other) in [
        (
            Asked::Receipt("NLJ7RT61SV".to_owned()),
            receipt,
            "NLJ7RT61SV",
            original,
        ),
        (
            Asked::Refund("AG_1/f1e2-1".to_owned()),
            original,
            "f1e2-1",
            receipt,
        ),
    ] {
        let ids = Mpesa.inquire(&bench.call(), &inquiry(about)).await.unwrap();
        assert_eq!(ids.unwrap(), ["AG_1", "f1e2-1"]);
        let sent = seen.lock().unwrap().remove(0);
        for (field, want) in [
            ("CommandID", "TransactionStatusQuery"),
            (name, value),
            ("PartyA", "174379"),
            ("IdentifierType", "4"),
            ("ResultURL", "https://pay.example/hooks/0a1b/77/1"),
            ("QueueTimeOutURL", "https://pay.example/hooks/0a1b/77/0"),
        ] {
            assert_eq!(sent[field], want, "{field}");
        }
        assert!(sent.get(other).is_none(), "one of the two is sent");
    }
}

#[tokio::test]
async fn r4_a_reversal_whose_answer_is_lost_is_unknown() {
    for (what, dark) in darkness() {
        let token = r#"{"access_token":"t1","expires_in":"3599"}"#;
        let router = Router::new().route(TOKEN, get(move || async move { token }));
        let bench = Bench::new(with_operator(), router.merge(dark)).await;
        let back = refund_of(money(150_000, "KES"), paid());
        let error = Mpesa.refund(&bench.call(), &back).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unknown(_)),
            "{what}: {error}"
        );
    }
    for (status, body, want) in [
        (
            400,
            error("400.002.02", "Bad Request - Invalid Initiator"),
            "misconfigured",
        ),
        (500, error("500.003.02", "System is busy"), "unavailable"),
        (
            500,
            error("500.003.1001", "Internal Server Error"),
            "unknown",
        ),
        (
            500,
            error("500.002.1001", "Duplicate OriginatorConversationID"),
            "unknown",
        ),
    ] {
        let bench = Bench::new(with_operator(), safaricom(status, body)).await;
        let back = refund_of(money(150_000, "KES"), paid());
        let error = Mpesa.refund(&bench.call(), &back).await.unwrap_err();
        assert!(error.to_string().starts_with(want), "{error}");
    }
}

fn told(body: &Value, path: &str) -> Told {
    let raw = hook(&[], &body.to_string(), path);
    match receive(&Mpesa, &ours(), &raw).unwrap().1.about {
        HookAbout::Answer(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn result_of(code: Value) -> Value {
    json!({"Result": {"ResultType": 0, "ResultCode": code, "ResultDesc": "words",
        "OriginatorConversationID": "f1e2-1", "ConversationID": "AG_1", "TransactionID": "SKE52PAWR9",
        "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "x"}}}})
}

#[test]
fn results_of_a_reversal_follow_the_table_and_unknown_codes_settle_nothing() {
    let answer = told(&result_of(json!(0)), "0a1b");
    assert_eq!(answer.found, Answered::Refund(RefundFound::Succeeded));
    assert_eq!(answer.ids, ["AG_1", "f1e2-1"]);
    for (code, want) in [
        ("R000001", FailureCode::AlreadyRefunded),
        ("R000002", FailureCode::NotRefundable),
        ("1", FailureCode::MerchantBalanceLow),
        ("2", FailureCode::AmountLimit),
        ("3", FailureCode::AmountLimit),
        ("4", FailureCode::AmountLimit),
        ("8", FailureCode::AmountLimit),
        ("11", FailureCode::NotRefundable),
        ("17", FailureCode::RepeatedTooSoon),
        ("2006", FailureCode::NotRefundable),
        ("2040", FailureCode::NotRefundable),
        ("SFC_IC0003", FailureCode::NotRefundable),
        ("21", FailureCode::ProviderMisconfigured),
        ("2001", FailureCode::ProviderMisconfigured),
        ("8006", FailureCode::ProviderMisconfigured),
        ("2028", FailureCode::ProviderMisconfigured),
        ("26", FailureCode::ProviderUnavailable),
    ] {
        assert_eq!(reversal(code), Some(Err(want)), "{code}");
        let number = code
            .parse::<i64>()
            .map_or_else(|_| json!(code), |n| json!(n));
        for told_as in [json!(code), number] {
            let answer = told(&result_of(told_as), "0a1b");
            let Answered::Refund(RefundFound::Failed(failure)) = &answer.found else {
                panic!("{code}: {answer:?}");
            };
            assert_eq!(failure.code, want, "{code}");
            assert_eq!(answer.locked_out, matches!(code, "2001" | "8006"), "{code}");
        }
    }
    assert_eq!(told(&result_of(json!(77)), "0a1b").found, Answered::Nothing);
}

#[test]
fn what_comes_where_the_queue_times_out_settles_nothing_whatever_it_is() {
    let none = json!({"anything": [1]});
    for body in [result_of(json!(0)), result_of(json!(1)), none, Value::Null] {
        let answer = told(&body, "0a1b/0");
        assert_eq!(answer.found, Answered::Nothing);
        assert!(!answer.locked_out);
    }
    let reading = receive(&Mpesa, &ours(), &hook(&[], "busy", "0a1b/0"))
        .unwrap()
        .1;
    assert_eq!(reading.event, "queue_timeout");
    let odd = receive(&Mpesa, &ours(), &hook(&[], "{\"Result\":{}}", "0a1b"));
    assert!(odd.is_err());
}

#[test]
fn transaction_status_says_what_is_documented_and_nothing_else() {
    let with = |code: Value, state: &str, parameters: bool| {
        let mut body = result_of(code);
        if parameters {
            body["Result"]["ResultParameters"] = json!({"ResultParameter": [
                {"Key": "DebitPartyName", "Value": "2547... - NAME"},
                {"Key": "DebitPartyName"},
                {"Key": "TransactionStatus", "Value": state},
                {"Key": "Amount", "Value": "300"},
                {"Key": "ReceiptNo", "Value": "NLJ7RT61SV"},
            ]});
        }
        told(&body, "0a1b/1").found
    };
    let receipt = || "NLJ7RT61SV".to_owned();
    let done = Answered::Done {
        receipt: receipt(),
        amount: money(30_000, "KES"),
    };
    assert_eq!(with(json!(0), "Completed", true), done);
    let back = Answered::TakenBack { receipt: receipt() };
    assert_eq!(with(json!("0"), "Reversed", true), back);
    assert_eq!(with(json!(0), "Failed", true), Answered::NotDone);
    assert_eq!(with(json!(0), "Novel", true), Answered::Nothing);
    assert_eq!(with(json!(0), "Completed", false), Answered::Nothing);
    assert_eq!(with(json!(2032), "", false), Answered::NotDone);
    assert_eq!(with(json!(21), "", false), Answered::Nothing);
    assert!(told(&result_of(json!(8006)), "0a1b/1").locked_out);
    let mut one = result_of(json!(0));
    one["Result"]["ResultParameters"] =
        json!({"ResultParameter": {"Key": "TransactionStatus", "Value": "Cancelled"}});
    assert_eq!(told(&one, "0a1b/1").found, Answered::NotDone);
}
