//! Hooks in the form that older shops expected of Payme: `receipts.pay` and `receipts.cancel`
//! posted to the shop, signed with a secret of their own. Payme itself sends no such thing, so they
//! are taken only where the account says so, and only make us ask.
use super::nothing;
use crate::providers::http::text;
use crate::providers::{
    Account, Claims, HookAbout, HookError, HookProof, HookReading, LEGACY_HOOKS, RawHook,
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::Sha256;

pub const REPLY: &str = r#"{"result":"ok"}"#;
const SIGNATURE: &str = "x-auth-signature";

/// Whether a call is in the older form, and the account takes that.
pub fn is_legacy(account: &Account, raw: &RawHook) -> bool {
    account.option(LEGACY_HOOKS.name) == Some("on") && raw.headers.contains_key(SIGNATURE)
}

/// HMAC-SHA256 in hex over the raw body, with the account's `legacy_secret`.
pub fn verify(account: &Account, raw: &RawHook) -> Result<HookProof, HookError> {
    let refuse = |why: &str| Err(HookError::NotVerified(why.to_owned()));
    if account.option(LEGACY_HOOKS.name) != Some("on") {
        return refuse("hooks of older shops are not taken");
    }
    let secret = account.credentials.get("legacy_secret");
    let secret = secret
        .map(ExposeSecret::expose_secret)
        .filter(|s| !s.is_empty());
    let Some(secret) = secret else {
        return refuse("the credential legacy_secret is not set");
    };
    let Some(given) = raw.headers.get(SIGNATURE) else {
        return refuse("there is no X-Auth-Signature");
    };
    let Ok(given) = hex::decode(given.trim()) else {
        return refuse("the signature is not hex");
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return refuse("the credential legacy_secret cannot be used");
    };
    mac.update(&raw.body);
    // Constant time. It covers the body, but Payme never made it: a hint all the same.
    match mac.verify_slice(&given) {
        Ok(()) => Ok(HookProof::Hint),
        Err(_) => refuse("the signature does not fit"),
    }
}

/// Which receipt or payment to ask after.
pub fn read(raw: &RawHook) -> Result<HookReading, HookError> {
    let body: Value = serde_json::from_slice(&raw.body)
        .map_err(|_| HookError::Unreadable("it is not JSON".to_owned()))?;
    let event = text(&body, "/method").unwrap_or_default();
    let part = |field: &str| text(&body, &format!("/params/{field}"));
    let receipt = part("cheque_id").or_else(|| part("id"));
    let about = match event.as_str() {
        // Asking after the payment tells both: a receipt that was cancelled says so.
        "receipts.pay" | "receipts.cancel" if receipt.is_some() => HookAbout::Payment {
            reference: None,
            claims: Claims {
                provider_ref: receipt.clone(),
                receipt: None,
                amount: None,
            },
            report: None,
        },
        "receipts.pay" | "receipts.cancel" => nothing("it names no receipt"),
        _ => nothing("a call of the Merchant API is answered when it comes"),
    };
    let subject = receipt.unwrap_or_default();
    let event = if event.is_empty() {
        "unknown".to_owned()
    } else {
        event.chars().take(40).collect()
    };
    Ok(HookReading {
        dedupe_key: format!("{event}:{subject}"),
        event,
        about,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::testing::{account, hook};

    const BODY: &str = r#"{"method":"receipts.pay","params":{"id":"a1","cheque_id":"63f1","amount":5000000,"paid_at":1700000000}}"#;

    fn ours(on: bool) -> Account {
        let mut shop = account(&[("legacy_secret", "older")]);
        assert_eq!(shop.mode, crate::domain::account::Mode::Test);
        let value = if on { "on" } else { "off" };
        shop.options.insert("legacy_hooks".into(), value.into());
        shop
    }

    fn sign(secret: &str, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    #[test]
    fn r5_an_older_hook_is_a_hint_where_it_is_taken_and_signed() {
        let signed = hook(&[(SIGNATURE, &sign("older", BODY))], BODY, "");
        assert!(is_legacy(&ours(true), &signed));
        assert_eq!(verify(&ours(true), &signed), Ok(HookProof::Hint));
        assert!(!is_legacy(&ours(false), &signed));
        assert!(verify(&ours(false), &signed).is_err());
        let mut without = ours(true);
        without.credentials.clear();
        for (shop, signature) in [
            (ours(true), sign("other", BODY)),
            (ours(true), String::new()),
            (ours(true), "zz".to_owned()),
            (without, sign("", BODY)),
        ] {
            let raw = hook(&[(SIGNATURE, &signature)], BODY, "");
            assert!(verify(&shop, &raw).is_err(), "{signature}");
        }
        let HookAbout::Payment { claims, report, .. } = read(&signed).unwrap().about else {
            panic!();
        };
        assert_eq!(claims.provider_ref.as_deref(), Some("63f1"));
        assert_eq!(report, None);
    }

    #[test]
    fn what_is_no_older_hook_is_nothing() {
        for body in [
            "[]",
            "{}",
            r#"{"method":"PerformTransaction","params":{"id":"a"}}"#,
            r#"{"method":"receipts.pay","params":null}"#,
            r#"{"method":{},"params":7}"#,
        ] {
            let reading = read(&hook(&[], body, "")).unwrap();
            assert!(matches!(reading.about, HookAbout::Nothing(_)), "{body}");
        }
        assert!(read(&hook(&[], "nonsense", "")).is_err());
    }
}
