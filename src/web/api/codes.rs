//! The problems of the API by code: status, and when it comes. docs/api.md has the same table.

/// A code with its status and when it comes.
pub struct Code {
    pub status: u16,
    pub code: &'static str,
    pub when: &'static str,
}

const fn code(status: u16, code: &'static str, when: &'static str) -> Code {
    Code { status, code, when }
}

/// Every code that the API gives by itself. Providers add codes of their own to 422, for what they
/// need.
pub const CODES: &[Code] = &[
    code(
        400,
        "json_invalid",
        "the body is not valid JSON, or no object",
    ),
    code(400, "multipart_invalid", "the upload cannot be read"),
    code(
        400,
        "body_broken",
        "the connection broke off inside the body",
    ),
    code(
        401,
        "unauthorized",
        "no key, or one that is unknown, expired or revoked",
    ),
    code(
        403,
        "scope_missing",
        "the key was narrowed and lacks this scope",
    ),
    code(
        403,
        "approval_needs_person",
        "a person approves this in the dashboard",
    ),
    code(
        404,
        "not_found",
        "no such object for this key, or no such address",
    ),
    code(405, "method_not_allowed", "see the Allow header"),
    code(408, "request_timeout", "the body came too slowly"),
    code(
        409,
        "conflict",
        "somebody else changed it meanwhile; read it again",
    ),
    code(
        409,
        "state_conflict",
        "its state does not allow it; from and to name both ends",
    ),
    code(
        409,
        "idempotency_key_in_use",
        "the first call with this key still runs",
    ),
    code(409, "order_paid", "the order is paid"),
    code(409, "order_cancelled", "the order was cancelled"),
    code(
        409,
        "order_expired",
        "the order has expired; renew it first",
    ),
    code(
        409,
        "payment_in_flight",
        "a prompt to the same phone waits; payment names it",
    ),
    code(
        409,
        "payment_unknown",
        "an earlier payment's outcome is not known; payment names it",
    ),
    code(
        409,
        "payment_not_succeeded",
        "nothing came, so nothing can go back",
    ),
    code(
        409,
        "proof_already_waits",
        "a proof of this payment waits for a decision",
    ),
    code(
        409,
        "proof_not_wanted",
        "the payment is not by hand, or has ended",
    ),
    code(409, "proof_held", "another reviewer looks at it"),
    code(
        409,
        "proof_reference_used",
        "this reference was approved before; proof and payment name where",
    ),
    code(409, "plan_inactive", "the plan is not on sale"),
    code(
        409,
        "credit_covers_price",
        "what is left of the running plan is worth the price or more",
    ),
    code(
        409,
        "endpoint_limit",
        "20 endpoints in this mode are there already",
    ),
    code(409, "endpoint_disabled", "the endpoint is switched off"),
    code(409, "no_endpoint", "no endpoint takes this event"),
    code(413, "body_too_large", "above 256 kB, or a file above 8 MB"),
    code(
        415,
        "content_type_unsupported",
        "not JSON, or not multipart for uploads",
    ),
    code(422, "required", "a field is missing"),
    code(422, "type_invalid", "a field has another type"),
    code(422, "unknown_field", "a field is not known here"),
    code(422, "repeated_field", "a field came twice"),
    code(422, "length", "a text is too short or too long"),
    code(422, "control_characters", "a text holds control characters"),
    code(422, "amount_invalid", "the amount must be above zero"),
    code(
        422,
        "amount_too_large",
        "the amount is beyond any order, or what the provider takes",
    ),
    code(
        422,
        "amount_too_small",
        "the amount is below what the provider takes",
    ),
    code(
        422,
        "amount_not_representable",
        "the provider's unit cannot carry the amount",
    ),
    code(
        422,
        "currency_unknown",
        "no upper-case ISO 4217 code that is known",
    ),
    code(
        422,
        "currency_not_supported",
        "the provider does not take this currency",
    ),
    code(422, "kind_unknown", "no kind of order"),
    code(422, "expires_in_invalid", "outside 60 to 7776000 seconds"),
    code(422, "metadata_too_large", "more than 20 entries"),
    code(422, "url_invalid", "no web address"),
    code(422, "email_invalid", "no e-mail address"),
    code(
        422,
        "email_required",
        "the provider needs an e-mail address",
    ),
    code(422, "phone_invalid", "no phone number of this country"),
    code(422, "phone_required", "the provider needs a phone number"),
    code(422, "locale_unknown", "no language of the checkout"),
    code(422, "provider_unknown", "no provider has this name"),
    code(
        422,
        "provider_not_available",
        "this order cannot be paid through it",
    ),
    code(422, "method_unknown", "no way to pay has this name"),
    code(
        422,
        "method_not_supported",
        "the provider does not have this way to pay",
    ),
    code(
        422,
        "refund_exceeds_captured",
        "more than what came less what went back already",
    ),
    code(
        422,
        "refund_full_only",
        "this provider gives back whole payments only",
    ),
    code(
        422,
        "refund_not_supported",
        "nothing here can give this payment back; detail says where it is done",
    ),
    code(422, "type_unknown", "no type of proof"),
    code(422, "proof_empty", "neither a reference nor a file"),
    code(
        422,
        "reference_ascii",
        "a reference has Latin letters and digits alone",
    ),
    code(422, "file_empty", "the file is empty"),
    code(422, "file_type", "no JPEG, PNG, WebP or PDF"),
    code(422, "file_unreadable", "the picture cannot be read"),
    code(422, "note_required", "the customer must be told why"),
    code(
        422,
        "days_invalid",
        "a number of days is out of its range, or there are too many",
    ),
    code(
        422,
        "replaces_invalid",
        "no other running entitlement of the customer, nor none",
    ),
    code(
        422,
        "replaces_ambiguous",
        "several plans run; name the one that ends, or none",
    ),
    code(
        422,
        "currency_differs",
        "the plan to replace was paid in another currency",
    ),
    code(
        422,
        "url_private",
        "the address leads into a private network",
    ),
    code(
        422,
        "url_insecure",
        "live events go to https addresses alone",
    ),
    code(422, "event_unknown", "no type of event"),
    code(422, "endpoint_unknown", "no id of an endpoint"),
    code(422, "time_invalid", "no time in RFC 3339"),
    code(422, "range_invalid", "to is not later than from"),
    code(
        422,
        "range_too_large",
        "more than 10000 events; send a shorter range",
    ),
    code(
        422,
        "idempotency_key_invalid",
        "an Idempotency-Key has 1 to 255 visible ASCII characters",
    ),
    code(
        422,
        "idempotency_key_reused",
        "the key came with another body before",
    ),
    code(422, "limit_invalid", "outside 1 to 100"),
    code(422, "cursor_invalid", "no next_cursor of this list"),
    code(422, "status_unknown", "no status of these objects"),
    code(422, "active_invalid", "neither true nor false"),
    code(422, "order_invalid", "no id of an order"),
    code(422, "unknown_parameter", "a parameter is not known here"),
    code(500, "internal", "our fault, logged"),
    code(503, "database_unavailable", "try again; see Retry-After"),
];

/// A code's entry.
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|c| c.code == code)
}

/// The codes that an operation can answer, by status.
pub fn of(operation: &super::describe::Operation) -> Vec<&'static Code> {
    use super::describe::{Gives, Kind, Takes};
    let mut codes = vec!["unauthorized", "internal", "database_unavailable"];
    if operation.scope != "read" {
        codes.push("scope_missing");
    }
    if operation.parameters().next().is_some() {
        codes.push("not_found");
    }
    if let Gives::List(_) = operation.gives {
        codes.extend(["unknown_parameter", "repeated_field", "control_characters"]);
        if operation.query.iter().any(|f| f.name == "limit") {
            codes.extend(["limit_invalid", "cursor_invalid"]);
        }
    }
    if operation.is_write() {
        codes.extend(["body_broken", "request_timeout", "body_too_large"]);
        codes.extend(["content_type_unsupported", "unknown_field", "conflict"]);
        codes.extend(["idempotency_key_in_use", "idempotency_key_invalid"]);
        codes.extend(["idempotency_key_reused", "control_characters"]);
        codes.push(match operation.takes {
            Takes::Form(_) => "multipart_invalid",
            Takes::Nothing | Takes::Json(..) => "json_invalid",
        });
    }
    let fields = operation.fields();
    if !fields.is_empty() {
        codes.push("type_invalid");
    }
    if fields.iter().any(|f| f.needed) {
        codes.push("required");
    }
    if fields
        .iter()
        .any(|f| matches!(f.kind, Kind::Text(_, Some(_))))
    {
        codes.push("length");
    }
    codes.extend(&operation.codes);
    let known = |c: &Code| codes.contains(&c.code);
    CODES.iter().filter(|c| known(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_codes_is_the_one_of_the_docs() {
        let docs = include_str!("../../../docs/api.md");
        for known in CODES {
            let status = format!("| {} |", known.status);
            let code = format!("`{}`", known.code);
            let told = docs
                .lines()
                .any(|l| l.starts_with(&status) && l.contains(&code));
            assert!(told, "{} {}", known.status, known.code);
        }
        for operation in super::super::operations() {
            for code in &operation.codes {
                assert!(find(code).is_some(), "{}: {code}", operation.id);
            }
        }
    }
}
