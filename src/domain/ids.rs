//! Ids: a prefix that names the record and 26 base-32 characters that sort by time.
use serde::{Deserialize, Serialize};
use std::fmt;

/// Crockford's alphabet, lower case: sorts as the number it writes.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BODY: usize = 26;

/// What all ids have in common. The body is a `UUIDv7`, so ids sort by the time they were made.
pub trait Id: Sized {
    const PREFIX: &'static str;
    /// Makes the id from the 128 bits of a `UUIDv7`.
    fn from_bits(bits: u128) -> Self;
    /// Reads an id; `None` for a wrong prefix or body. Never fails on what the store wrote.
    fn parse(text: &str) -> Option<Self>;
    fn as_str(&self) -> &str;
}

fn encode(prefix: &str, mut bits: u128) -> String {
    let mut body = [b'0'; BODY];
    for place in body.iter_mut().rev() {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    let body = body.iter().map(|b| char::from(*b));
    prefix.chars().chain(body).collect()
}

fn well_formed(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|body| body.len() == BODY && body.bytes().all(|b| ALPHABET.contains(&b)))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_bits(bits: u128) -> Self {
                Self(encode($prefix, bits))
            }
            fn parse(text: &str) -> Option<Self> {
                well_formed($prefix, text).then(|| Self(text.to_owned()))
            }
            fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl $name {
            /// Takes a value the store wrote. Input from outside goes through [`Id::parse`].
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A merchant.
    TenantId = "ten_";
    UserId = "usr_";
    OrderId = "ord_";
    PaymentId = "pay_";
    RefundId = "ref_";
    ProofId = "prf_";
    HookId = "hok_";
    /// Money that was paid by hand to a business number.
    BillId = "bil_";
    EventId = "evt_";
    PlanId = "pln_";
    EntitlementId = "ent_";
    CustomerId = "cus_";
    /// A payment link that many can pay on.
    LinkId = "lnk_";
    /// A file of requests.
    ImportId = "imp_";
    /// Where a tenant receives events.
    EndpointId = "end_";
    ApiKeyId = "key_";
    /// A call of the API, in the request log.
    ApiRequestId = "req_";
    JobId = "job_";
    /// A letter or text message.
    MessageId = "msg_";
    /// A row of the audit log.
    AuditId = "aud_";
    /// A row of an order's history.
    StepId = "stp_";
    /// A transaction of Payme's Merchant API.
    PaymeTransactionId = "ptx_";
    /// Rows taken out of the books as CSV.
    ExportId = "exp_";
    /// A broken alert rule.
    AlertId = "alr_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_as_their_bits_and_read_back() {
        let (a, b) = (OrderId::from_bits(7), OrderId::from_bits(u128::MAX));
        assert!(a < b);
        assert_eq!(a.as_str(), "ord_00000000000000000000000007");
        assert_eq!(OrderId::parse(b.as_str()), Some(b));
    }

    #[test]
    fn foreign_prefixes_and_bad_bodies_are_refused() {
        let pay = PaymentId::from_bits(9);
        assert_eq!(OrderId::parse(pay.as_str()), None);
        assert_eq!(OrderId::parse("ord_"), None);
        assert_eq!(OrderId::parse("ord_0000000000000000000000000U"), None);
        assert_eq!(OrderId::parse("ord_000000000000000000000000é"), None);
    }
}
