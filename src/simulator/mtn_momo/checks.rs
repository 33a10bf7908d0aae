//! What MTN accepts: environments, ids, amounts, numbers, texts and callback addresses. Also what
//! its documented sandbox numbers do.

use serde_json::Value;

use crate::domain::{Currency, Money};
use crate::simulator::pages::web_address;

/// A target environment: its name, the currencies it takes and the dial code of its country.
pub type Environment = (&'static str, &'static [&'static str], &'static str);

const ENVIRONMENTS: [Environment; 15] = [
    ("sandbox", &["EUR"], ""),
    ("mtnuganda", &["UGX"], "256"),
    ("mtnghana", &["GHS"], "233"),
    ("mtnivorycoast", &["XOF"], "225"),
    ("mtnbenin", &["XOF"], "229"),
    ("mtncameroon", &["XAF"], "237"),
    ("mtncongo", &["XAF"], "242"),
    ("mtnzambia", &["ZMW"], "260"),
    ("mtnswaziland", &["SZL"], "268"),
    ("mtnguineaconakry", &["GNF"], "224"),
    ("mtnsouthafrica", &["ZAR"], "27"),
    ("mtnliberia", &["LRD", "USD"], "231"),
    ("mtnsouthsudan", &["SSP"], "211"),
    ("mtnnigeria", &["NGN"], "234"),
    ("mtnrwanda", &["RWF"], "250"),
];

pub fn environment(name: &str) -> Option<Environment> {
    ENVIRONMENTS.into_iter().find(|(known, ..)| *known == name)
}

/// A UUID of version 4, in lower case.
pub fn reference_id(text: &str) -> Option<String> {
    let id = uuid::Uuid::try_parse(text).ok()?;
    let written_out = text.len() == 36;
    let random = id.get_version_num() == 4 && id.get_variant() == uuid::Variant::RFC4122;
    (written_out && random).then(|| id.hyphenated().to_string())
}

/// The amount of a JSON string in major units with a point, in minor units.
pub fn amount(value: &Value, currency: &str) -> Option<i64> {
    let text = value.as_str()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let money = Money::parse_major(text, Currency::parse(currency)?).ok()?;
    (money.minor > 0).then_some(money.minor)
}

/// An amount as MTN writes it back: `6.0` comes back as `6`.
pub fn written(minor: i64, currency: &str) -> String {
    let Some(currency) = Currency::parse(currency) else {
        return minor.to_string();
    };
    let text = Money::new(minor, currency).to_major_string();
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// International digits without `+` and without zeros before them.
pub fn is_msisdn(text: &str) -> bool {
    (8..=15).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
        && !text.starts_with('0')
}

/// Whether the firewall before the API swallows a text.
pub fn is_swallowed(text: &str) -> bool {
    text.contains(['(', ')', '#', '\'', '&'])
}

/// Whether an address can be called back. Loopback is let through, so that both can run on one
/// machine. The sandbox takes http too: MTN's own pages have said both.
pub fn is_callback(text: &str, sandbox: bool, registered: Option<&str>) -> bool {
    let Some(address) = web_address(text) else {
        return false;
    };
    let host = address.host_str().unwrap_or_default();
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let called = local || sandbox || (address.scheme() == "https" && address.domain().is_some());
    called && registered.is_none_or(|known| known.eq_ignore_ascii_case(host))
}

/// What becomes of a request to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    Paid,
    /// Refused at once, with this code.
    Refused(&'static str),
    /// Taken, and failed with this reason.
    Failed(&'static str),
    /// Pending until the payer's five minutes are over.
    Ongoing,
    /// Created for long, then paid.
    Delayed,
}

/// What MTN's documented sandbox numbers do; every other number pays. Whether those from 455 are
/// refused at once or fail afterwards is not documented: here the codes that MTN also has as
/// errors are refused, the others fail.
pub fn planned(msisdn: &str) -> Plan {
    match msisdn {
        "46733123450" | "46733123461" => Plan::Failed("INTERNAL_PROCESSING_ERROR"),
        "46733123451" => Plan::Failed("APPROVAL_REJECTED"),
        "46733123452" => Plan::Failed("EXPIRED"),
        "46733123453" => Plan::Ongoing,
        "46733123454" => Plan::Delayed,
        "46733123455" => Plan::Refused("PAYER_NOT_FOUND"),
        "46733123456" => Plan::Refused("PAYEE_NOT_ALLOWED_TO_RECEIVE"),
        "46733123457" => Plan::Refused("NOT_ALLOWED"),
        "46733123458" => Plan::Refused("NOT_ALLOWED_TARGET_ENVIRONMENT"),
        "46733123459" => Plan::Refused("INVALID_CALLBACK_URL_HOST"),
        "46733123460" => Plan::Refused("INVALID_CURRENCY"),
        "46733123462" => Plan::Failed("SERVICE_UNAVAILABLE"),
        "46733123463" => Plan::Failed("COULD_NOT_PERFORM_TRANSACTION"),
        _ => Plan::Paid,
    }
}

/// What the documented values of `referenceIdToRefund` do in the sandbox; `Ok` is a reason or, if
/// empty, a refund that stays pending.
pub fn planned_refund(name: &str) -> Option<Result<&'static str, &'static str>> {
    Some(match name {
        "1" => Err("RESOURCE_NOT_FOUND"),
        "2" | "11" => Ok("INTERNAL_PROCESSING_ERROR"),
        "3" => Ok("APPROVAL_REJECTED"),
        "4" => Ok("EXPIRED"),
        "5" | "6" => Ok(""),
        "7" => Ok("NOT_ALLOWED"),
        "8" => Ok("NOT_ALLOWED_TARGET_ENVIRONMENT"),
        "9" => Ok("INVALID_CALLBACK_URL_HOST"),
        "10" => Ok("INVALID_CURRENCY"),
        "12" => Ok("SERVICE_UNAVAILABLE"),
        "13" => Ok("COULD_NOT_PERFORM_TRANSACTION"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_are_strings_in_major_units() {
        for (value, currency, want) in [
            (json!("25"), "EUR", Some(2_500)),
            (json!("25.5"), "EUR", Some(2_550)),
            (json!("25.505"), "EUR", None),
            (json!("1500"), "UGX", Some(1_500)),
            (json!("1500.5"), "UGX", None),
            (json!(25), "EUR", None),
            (json!("0"), "EUR", None),
            (json!("1,500"), "EUR", None),
            (json!("25."), "EUR", None),
        ] {
            assert_eq!(amount(&value, currency), want, "{value} {currency}");
        }
        assert_eq!(written(600, "EUR"), "6");
        assert_eq!(written(2_550, "EUR"), "25.5");
        assert_eq!(written(1_500, "UGX"), "1500");
    }

    #[test]
    fn ids_must_be_random_uuids() {
        let good = "3ca53c22-df27-45a9-8457-fd39b2e9b6fc";
        assert_eq!(reference_id(&good.to_uppercase()).as_deref(), Some(good));
        for bad in [
            "3ca53c22-df27-15a9-8457-fd39b2e9b6fc",
            "3ca53c22df2745a98457fd39b2e9b6fc",
            "p-77",
        ] {
            assert_eq!(reference_id(bad), None, "{bad}");
        }
    }

    #[test]
    fn callback_addresses_follow_the_rules() {
        let host = Some("pay.example");
        assert!(is_callback("https://pay.example/h/1", false, host));
        assert!(is_callback("http://pay.example/h/1", true, host));
        assert!(is_callback("http://127.0.0.1:3000/h/1", false, None));
        assert!(!is_callback("http://pay.example/h/1", false, host));
        assert!(!is_callback("https://192.0.2.7/h/1", false, None));
        assert!(!is_callback("https://other.example/h/1", true, host));
        assert!(!is_callback("", true, None));
    }
}
