//! What Daraja accepts: shortcodes, phones, amounts, passwords, callback addresses.
//! Also the result codes and their texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Mode;
use crate::simulator::pages::web_address;

/// The public test shortcode and its passkey.
pub const SANDBOX: (&str, &str) = (
    "174379",
    "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919",
);

pub fn is_shortcode(text: &str) -> bool {
    (5..=7).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `2547XXXXXXXX` or `2541XXXXXXXX`
pub fn is_msisdn(text: &str) -> bool {
    text.len() == 12
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text.starts_with("2547") || text.starts_with("2541"))
}

/// Whole shillings from a whole number or a text of digits.
pub fn shillings(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
    .filter(|amount| *amount >= 1)
}

/// `YYYYMMDDHHmmss` of a day that exists.
pub fn is_timestamp(text: &str) -> bool {
    text.len() == 14
        && text.bytes().all(|b| b.is_ascii_digit())
        && jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", text).is_ok()
}

/// What [`password`] says of a password.
#[derive(Debug, PartialEq, Eq)]
pub enum Password {
    Right,
    Wrong,
    /// Not base64 at all.
    Malformed,
}

/// Compares with base64(shortcode + passkey + timestamp); without a passkey its middle is free.
pub fn password(given: &str, shortcode: &str, passkey: Option<&str>, timestamp: &str) -> Password {
    let Some(text) = STANDARD
        .decode(given)
        .ok()
        .and_then(|b| String::from_utf8(b).ok())
    else {
        return Password::Malformed;
    };
    let middle = text
        .strip_prefix(shortcode)
        .and_then(|rest| rest.strip_suffix(timestamp));
    match (middle, passkey) {
        (Some(middle), Some(passkey)) if middle == passkey => Password::Right,
        (Some(middle), None) if !middle.is_empty() => Password::Right,
        _ => Password::Wrong,
    }
}

const FORBIDDEN: [&str; 8] = [
    "mpesa",
    "m-pesa",
    "safaricom",
    "exe",
    "exec",
    "cmd",
    "sql",
    "query",
];
const TUNNELS: [&str; 4] = ["ngrok", "requestbin", "webhook.site", "mockbin"];

/// Whether an address may be called back. Loopback is let through, so that both can run on one
/// machine; every other rule is Safaricom's.
pub fn is_callback(text: &str, mode: Mode) -> bool {
    let Some(address) = web_address(text) else {
        return false;
    };
    let lower = text.to_lowercase();
    if FORBIDDEN.iter().any(|word| lower.contains(word)) {
        return false;
    }
    let host = address.host_str().unwrap_or_default();
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    local
        || (host.contains('.')
            && !TUNNELS.iter().any(|word| host.contains(word))
            && (mode.0 == "test" || address.scheme() == "https"))
}

/// Letters, digits, spaces and hyphens.
pub fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-')
}

/// The text that goes with a result code in the callback and in the query.
pub fn result_text(code: &str) -> &'static str {
    match code {
        "0" => "The service request is processed successfully.",
        "1" => "The balance is insufficient for the transaction.",
        "3" => "Declined due to limit rule: greater than the maximum transaction amount.",
        "17" => "System internal error: rule limited.",
        "1019" => "Transaction has expired.",
        "21" => "The initiator is not allowed to initiate this request.",
        "1032" => "Request cancelled by user",
        "1037" => "DS timeout user cannot be reached.",
        "2001" => "The initiator information is invalid.",
        "2028" => "The request is not permitted according to product assignment.",
        "8006" => "The security credential is locked.",
        "R000001" => "The transaction has already been reversed.",
        "R000002" => "The OriginalTransactionID is invalid.",
        "4999" => "The transaction is still under processing",
        _ => "The transaction failed.",
    }
}

/// What a number does with a prompt when nobody decides: a result code, or `never`.
pub fn planned(phone: &str) -> &'static str {
    match phone {
        "254708374149" => "never",
        p if p.ends_with("0001") => "2001",
        p if p.ends_with("0002") => "1",
        p if p.ends_with("0003") => "1032",
        p if p.ends_with("0004") => "1037",
        _ => "0",
    }
}

/// Makes every amount in a body one shilling more.
pub fn distort_amount(body: &mut Value) {
    let more = |value: &mut Value| {
        *value = match &*value {
            Value::Number(n) => json!(n.as_i64().unwrap_or_default() + 1),
            Value::String(text) => {
                let whole: i64 = text
                    .split('.')
                    .next()
                    .and_then(|w| w.parse().ok())
                    .unwrap_or_default();
                if text.contains('.') {
                    json!(format!("{}.00", whole + 1))
                } else {
                    json!((whole + 1).to_string())
                }
            }
            other => other.clone(),
        }
    };
    if let Some(amount) = body.get_mut("TransAmount") {
        more(amount);
    }
    let lists = [
        ("/Body/stkCallback/CallbackMetadata/Item", "Name"),
        ("/Result/ResultParameters/ResultParameter", "Key"),
    ];
    for (list, name) in lists {
        let items = body.pointer_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            if item[name] == "Amount" {
                more(&mut item["Value"]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_match_the_published_vectors() {
        let vectors = [
            (
                "20160216165627",
                "MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZi\
                 NzJhZGExZWQyYzkxOTIwMTYwMjE2MTY1NjI3",
            ),
            (
                "20210628092408",
                "MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZi\
                 NzJhZGExZWQyYzkxOTIwMjEwNjI4MDkyNDA4",
            ),
        ];
        for (time, given) in vectors {
            let check = |code, key| password(given, code, key, time);
            assert_eq!(check("174379", Some(SANDBOX.1)), Password::Right);
            assert_eq!(check("174379", None), Password::Right);
            assert_eq!(check("174379", Some("other")), Password::Wrong);
            assert_eq!(check("600000", None), Password::Wrong);
        }
        assert_eq!(
            password("%%%", "174379", None, "20210628092408"),
            Password::Malformed
        );
    }

    #[test]
    fn callback_addresses_follow_the_rules() {
        let test = |url| is_callback(url, Mode("test"));
        assert!(test("https://pay.example.com/hooks/0a1b/pay_1"));
        assert!(test("http://pay.example.com/hooks/0a1b"));
        assert!(test("http://127.0.0.1:3000/hooks/0a1b"));
        assert!(!is_callback("http://pay.example.com/hooks", Mode("live")));
        assert!(is_callback("http://127.0.0.1:3000/hooks", Mode("live")));
        assert!(!test("https://pay.example.com/MPesa/cb"));
        assert!(!test("https://pay.example.com/cb/aSQLb"));
        assert!(!test("https://a.ngrok.io/cb"));
        assert!(!test("https://intranet/cb"));
        assert!(!test("ftp://pay.example.com/cb"));
    }

    #[test]
    fn fields_are_checked_as_documented() {
        assert!(is_msisdn("254712345678") && is_msisdn("254112345678"));
        assert!(!is_msisdn("+254712345678") && !is_msisdn("0712345678"));
        assert_eq!(shillings(&json!(1)), Some(1));
        assert_eq!(shillings(&json!("10")), Some(10));
        assert_eq!(shillings(&json!(1.5)), None);
        assert_eq!(shillings(&json!(0)), None);
        assert!(is_timestamp("20210628092408") && !is_timestamp("20211328092408"));
    }

    #[test]
    fn numbers_plan_their_answer() {
        let all = [
            "254708374149",
            "254700000001",
            "254700000002",
            "254700000003",
            "254700000004",
        ];
        assert_eq!(all.map(planned), ["never", "2001", "1", "1032", "1037"]);
        assert_eq!(planned("254712345678"), "0");
    }
}
