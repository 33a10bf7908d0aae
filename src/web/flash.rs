//! What a refused form keeps over its one redirect: codes and what was typed, in a short-lived
//! cookie of the reader's own. Never secrets, never ready sentences.
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const NAME: &str = "malipo_flash";
const MAX_AGE_SECS: i64 = 120;
/// Of the encoded cookie. Browsers drop cookies above 4 KiB.
const MAX_BYTES: usize = 3_500;
const MAX_VALUE_CHARS: usize = 500;

/// A refused form, once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Which form it was: a page reads only its own.
    pub form: String,
    /// Field → what was typed.
    pub values: BTreeMap<String, String>,
    pub errors: Vec<FieldError>,
}

/// One thing that is wrong with one field; an empty field means the form as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    pub field: String,
    pub code: String,
    pub params: Vec<String>,
}

impl Flash {
    pub fn new(form: impl Into<String>) -> Self {
        Self {
            form: form.into(),
            ..Self::default()
        }
    }

    /// Keeps what was typed. Not for passwords, keys or codes.
    #[must_use]
    pub fn value(mut self, field: &str, typed: &str) -> Self {
        let typed = typed.chars().take(MAX_VALUE_CHARS).collect();
        self.values.insert(field.to_owned(), typed);
        self
    }

    #[must_use]
    pub fn error(self, field: &str, code: &str) -> Self {
        self.error_with(field, code, &[])
    }

    #[must_use]
    pub fn error_with(mut self, field: &str, code: &str, params: &[&str]) -> Self {
        self.errors.push(FieldError {
            field: field.to_owned(),
            code: code.to_owned(),
            params: params.iter().map(|p| (*p).to_owned()).collect(),
        });
        self
    }

    /// What was typed into a field, or nothing.
    pub fn typed(&self, field: &str) -> &str {
        self.values.get(field).map_or("", String::as_str)
    }

    pub fn error_of(&self, field: &str) -> Option<&FieldError> {
        self.errors.iter().find(|e| e.field == field)
    }

    /// The flash of this form that the request carries. On https the `__Host-` name alone counts.
    pub fn read(headers: &HeaderMap, form: &str, secure: bool) -> Option<Self> {
        let value = cookie(headers, &name(secure))?;
        if value.len() > MAX_BYTES {
            return None;
        }
        let json = URL_SAFE_NO_PAD.decode(value).ok()?;
        let flash: Self = serde_json::from_slice(&json).ok()?;
        (flash.form == form).then_some(flash)
    }

    /// The header that carries it. The longest values go first if it grows too big.
    pub fn header(mut self, secure: bool) -> (HeaderName, HeaderValue) {
        loop {
            let json = serde_json::to_vec(&self).unwrap_or_default();
            let encoded = URL_SAFE_NO_PAD.encode(json);
            if encoded.len() <= MAX_BYTES {
                return set_cookie(encoded, MAX_AGE_SECS, secure);
            }
            let longest = self.values.iter().max_by_key(|(_, v)| v.len());
            match longest.map(|(k, _)| k.clone()) {
                Some(field) => self.values.remove(&field),
                None => return set_cookie(String::new(), 0, secure),
            };
        }
    }

    /// Back to the form: 303 with the flash. For plain axum handlers.
    pub fn redirect(self, to: &str, secure: bool) -> Response {
        let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
        let headers = [(header::LOCATION, to), self.header(secure)];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}

/// The header that forgets the flash; a page that has read it sends this.
pub fn clear(secure: bool) -> (HeaderName, HeaderValue) {
    set_cookie(String::new(), 0, secure)
}

/// A cookie's value, if the request has it.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// The `__Host-` name keeps other hosts of the same domain from planting one.
fn name(secure: bool) -> String {
    let prefix = if secure { "__Host-" } else { "" };
    format!("{prefix}{NAME}")
}

fn set_cookie(value: String, max_age_secs: i64, secure: bool) -> (HeaderName, HeaderValue) {
    let cookie = Cookie::build((name(secure), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .build();
    let text = format!("{cookie}; Max-Age={max_age_secs}");
    let value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    (header::SET_COOKIE, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(flash: Flash, secure: bool, form: &str) -> Option<Flash> {
        let (_, set) = flash.header(secure);
        let text = set.to_str().unwrap();
        assert!(text.contains("HttpOnly") && text.contains("SameSite=Lax"));
        assert_eq!(text.contains("Secure"), secure);
        let mut headers = HeaderMap::new();
        let pair = text.split(';').next().unwrap();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_str(&format!("a=b; {pair}")).unwrap(),
        );
        Flash::read(&headers, form, secure)
    }

    #[test]
    fn typed_values_and_codes_survive_one_redirect() {
        let flash = Flash::new("phone")
            .value("phone", "0712 345 67; <é>")
            .error_with("phone", "phone_too_short", &["10"]);
        for secure in [true, false] {
            assert_eq!(round(flash.clone(), secure, "phone"), Some(flash.clone()));
        }
        assert_eq!(round(flash, true, "proof"), None);
    }

    #[test]
    fn long_input_never_makes_a_cookie_that_browsers_drop() {
        let mut flash = Flash::new("f").error("a", "required");
        for field in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            flash = flash.value(field, &"é".repeat(9_000));
        }
        let (_, set) = flash.clone().header(true);
        assert!(set.len() < 4_000);
        let read = round(flash, true, "f").unwrap();
        assert_eq!(read.errors.len(), 1);
        assert!(read.values.len() >= 2);
    }
}
