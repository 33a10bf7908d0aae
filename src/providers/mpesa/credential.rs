//! The initiator's password, encrypted for Safaricom.
use super::wire::{optional, plain};
use crate::domain::account::Mode;
use crate::providers::{Account, ProviderError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::PublicKey;
use rsa::pkcs8::DecodePublicKey;

/// The public keys of Safaricom's certificates. The certificates in circulation have expired long
/// ago, so that only their keys count. That the production key is still the current one is not
/// documented: the credential `certificate` replaces it.
const SANDBOX_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqLcFdVcV7HdEOotsNLoMPhD74CX1ejzcgfNuiJNy9pTySxbszRBCWxmok3Unul4rX/zyVD/6vDb9nbqRywZIgR46UOn+tR3vGXXPX6igxgS6DYTaQV8W858yOGLuoYwRi5xeQJfczAMU4o+sCxlBbMCqYs4nzW81fi8iF2OEUdrfJcbamhSnksdgfD/nomWy9MESAz1QufrOBnaRX2N0CKsi8SNmzsghpfP15VLiIVV8YXPFKtd9sY37FpY28OKGjKG5wdije/bzFL8qEcPDhqYGuVaGkhX1bkI0iH+UcFtYYrZv/Fyb5jRHXmNLiq4mMG0fMH8ENxNACFtRZTDIIQIDAQAB";
const PRODUCTION_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAoknIb5Tm1hxOVdFsOejAs6veAai32Zv442BLuOGkFKUeCUM2s0K8XEsUt6BP25rQGNlTCTEqfdtRrym6bt5k0fTDscf0yMCoYzaxTh1mejg8rPO6bD8MJB0cFWRUeLEyWjMeEPsYVSJFv7T58IdAn7/RhkrpBl1dT7SmIZfNVkIlD35+Cxgab+u7+c7dHh6mWguEEoE3NbV7Xjl60zbD/Buvmu6i9EYz+27jNVPI6pRXHvp+ajIzTSsieD8Ztz1eoC9mphErasAGpMbR1sba9bM6hjw4tyTWnJDz7RdQQmnsW1NfFdYdK0qDRKUX7SG6rQkBqVhndFve4SDFRq6wvQIDAQAB";

fn bad_key(why: &str) -> ProviderError {
    ProviderError::Misconfigured(format!("certificate: {why}"))
}

/// One DER element: its content, itself whole, and what follows it.
fn element(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (_, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.is_empty() || bytes.len() > 4 {
            return None;
        }
        let length = bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b));
        (length, rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((content, &der[..der.len() - after.len()], after))
}

/// The `SubjectPublicKeyInfo` of an X.509 certificate; its dates and signature do not matter here.
fn key_of_certificate(der: &[u8]) -> Option<&[u8]> {
    const VERSION: u8 = 0xa0;
    let (certificate, _, _) = element(der)?;
    let (mut fields, _, _) = element(certificate)?;
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    // Serial number, signature, issuer, validity, subject.
    for _ in 0..5 {
        fields = element(fields)?.2;
    }
    Some(element(fields)?.1)
}

/// Safaricom's public key: the account's certificate, or that of the mode.
fn public_key(account: &Account) -> Result<PublicKey, ProviderError> {
    let given = optional(account, "certificate").unwrap_or(match account.mode {
        Mode::Test => SANDBOX_KEY,
        Mode::Live => PRODUCTION_KEY,
    });
    // A form field may have lost the line breaks of a PEM text, or its frame.
    let framed = |what: &str| {
        let after = given.split_once(&format!("-----BEGIN {what}-----"))?.1;
        Some(after.split_once("-----END")?.0)
    };
    let inner = framed("CERTIFICATE").or_else(|| framed("PUBLIC KEY"));
    let inner: String = inner.unwrap_or(given).split_whitespace().collect();
    let der = STANDARD
        .decode(inner)
        .map_err(|_| bad_key("it is not in PEM form"))?;
    let of = |key: &[u8]| PublicKey::from_public_key_der(key).ok();
    of(&der)
        .or_else(|| of(key_of_certificate(&der)?))
        .ok_or_else(|| bad_key("it holds no RSA key"))
}

/// The ready-made credential, or the password encrypted with PKCS#1 v1.5 padding: other bytes at
/// each call. Source: Daraja, Getting Started, Security Credentials.
pub fn security_credential(account: &Account) -> Result<String, ProviderError> {
    if let Some(ready) = optional(account, "security_credential") {
        return Ok(ready.to_owned());
    }
    let password = plain(account, "initiator_password")?;
    let sealed = public_key(account)?
        .pkcs1v15_encrypt(password.as_bytes())
        .map_err(|_| bad_key("its key is too short for the password"))?;
    Ok(STANDARD.encode(sealed))
}
