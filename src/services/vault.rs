//! R15: secrets at rest. A master key, known to the environment alone, seals one data key a
//! tenant; the data key seals the values. Sealed text is bound to the place it stands in.
use crate::domain::Timestamp;
use crate::domain::ids::TenantId;
use crate::store::{StoreError, Tx, tenants};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

const VERSION: u8 = 1;
const NONCE: usize = 24;

/// Why a sealed value cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the master key {0}")]
    Key(String),
    #[error("a sealed value cannot be opened: it was sealed by a key that is not here, or changed")]
    Sealed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone)]
struct MasterKey {
    id: String,
    cipher: XChaCha20Poly1305,
}

/// The master keys and the data keys opened so far. The first master key seals, all open.
#[derive(Clone)]
pub struct Vault {
    masters: Arc<Vec<MasterKey>>,
    opened: Arc<RwLock<HashMap<TenantId, [u8; 32]>>>,
}

impl Vault {
    /// Reads `ID:BASE64` of 32 bytes, several separated by commas; a bare `BASE64` has the id `1`.
    ///
    /// # Errors
    /// [`VaultError::Key`], never with the key in it.
    pub fn parse(text: &SecretString) -> Result<Self, VaultError> {
        let wrong = |what: &str| VaultError::Key(what.to_owned());
        let mut masters: Vec<MasterKey> = Vec::new();
        for part in text
            .expose_secret()
            .split(',')
            .map(str::trim)
            .filter(|p| !p.is_empty())
        {
            let (id, key) = part.split_once(':').unwrap_or(("1", part));
            let bytes = STANDARD
                .decode(key.trim())
                .map_err(|_| wrong("is not valid base64"))?;
            let bytes: [u8; 32] = bytes
                .try_into()
                .map_err(|_| wrong("must be 32 bytes in base64"))?;
            if id.is_empty() || id.len() > 32 || masters.iter().any(|m| m.id == id) {
                return Err(wrong("has an id that is empty, too long or given twice"));
            }
            masters.push(MasterKey {
                id: id.to_owned(),
                cipher: cipher(&bytes),
            });
        }
        if masters.is_empty() {
            return Err(wrong("is empty"));
        }
        Ok(Self {
            masters: Arc::new(masters),
            opened: Arc::default(),
        })
    }

    /// A fresh master key in the form that [`Vault::parse`] reads.
    pub fn generate() -> SecretString {
        format!("1:{}", STANDARD.encode(rand::random::<[u8; 32]>())).into()
    }

    /// The tenant's data key, made at its first use.
    async fn data_key(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        now: Timestamp,
        make: bool,
    ) -> Result<[u8; 32], VaultError> {
        let known = self
            .opened
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(tenant)
            .copied();
        if let Some(key) = known {
            return Ok(key);
        }
        let mut sealed = tenants::data_key(tx, tenant).await?;
        if sealed.is_none() && make {
            let fresh = self.seal_data_key(tenant, &rand::random::<[u8; 32]>())?;
            tenants::keep_data_key(tx, tenant, &fresh, now).await?;
            sealed = tenants::data_key(tx, tenant).await?;
        }
        let key = self.open_data_key(tenant, &sealed.ok_or(VaultError::Sealed)?)?;
        if make {
            // Not remembered: the row may be this transaction's own, and be rolled back with it.
            return Ok(key);
        }
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        opened.insert(tenant.clone(), key);
        Ok(key)
    }

    fn seal_data_key(&self, tenant: &TenantId, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        let master = &self.masters[0];
        let mut out = vec![VERSION, u8::try_from(master.id.len()).unwrap_or(u8::MAX)];
        out.extend_from_slice(master.id.as_bytes());
        out.extend(seal(&master.cipher, key, &format!("data_keys/{tenant}"))?);
        Ok(out)
    }

    fn open_data_key(&self, tenant: &TenantId, sealed: &[u8]) -> Result<[u8; 32], VaultError> {
        let [VERSION, length, rest @ ..] = sealed else {
            return Err(VaultError::Sealed);
        };
        let (id, rest) = rest
            .split_at_checked((*length).into())
            .ok_or(VaultError::Sealed)?;
        let master = self.masters.iter().find(|m| m.id.as_bytes() == id);
        let master = master.ok_or(VaultError::Sealed)?;
        let key = open(&master.cipher, rest, &format!("data_keys/{tenant}"))?;
        key.try_into().map_err(|_| VaultError::Sealed)
    }

    /// Seals a value for its place, for example `provider_credentials/paystack/test/secret_key`.
    pub async fn seal(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        place: &str,
        value: &SecretString,
        now: Timestamp,
    ) -> Result<Vec<u8>, VaultError> {
        let key = self.data_key(tx, tenant, now, true).await?;
        let mut out = vec![VERSION];
        out.extend(seal(
            &cipher(&key),
            value.expose_secret().as_bytes(),
            &format!("{tenant}/{place}"),
        )?);
        Ok(out)
    }

    /// Opens a value from its place.
    pub async fn open(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        place: &str,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<SecretString, VaultError> {
        let key = self.data_key(tx, tenant, now, false).await?;
        let [VERSION, rest @ ..] = sealed else {
            return Err(VaultError::Sealed);
        };
        let value = open(&cipher(&key), rest, &format!("{tenant}/{place}"))?;
        let value = String::from_utf8(value).map_err(|_| VaultError::Sealed)?;
        Ok(value.into())
    }

    /// Four bytes of a keyed hash, so that people can tell values apart and learn nothing of them.
    pub async fn fingerprint(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        value: &SecretString,
        now: Timestamp,
    ) -> Result<String, VaultError> {
        let key = self.data_key(tx, tenant, now, true).await?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| VaultError::Sealed)?;
        mac.update(value.expose_secret().as_bytes());
        Ok(hex::encode(&mac.finalize().into_bytes()[..4]))
    }
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

fn seal(cipher: &XChaCha20Poly1305, msg: &[u8], aad: &str) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; NONCE] = rand::random();
    let payload = Payload {
        msg,
        aad: aad.as_bytes(),
    };
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| VaultError::Sealed)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(cipher: &XChaCha20Poly1305, sealed: &[u8], aad: &str) -> Result<Vec<u8>, VaultError> {
    let (nonce, msg) = sealed
        .split_first_chunk::<NONCE>()
        .ok_or(VaultError::Sealed)?;
    let payload = Payload {
        msg,
        aad: aad.as_bytes(),
    };
    cipher
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| VaultError::Sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r15_master_keys_are_read_strictly_and_never_echoed() {
        let good = Vault::generate();
        assert!(Vault::parse(&good).is_ok());
        let bare = good.expose_secret().trim_start_matches("1:").to_owned();
        assert!(Vault::parse(&bare.clone().into()).is_ok());
        for bad in [
            "",
            "1:abc",
            &format!("a:{bare},a:{bare}"),
            &format!(":{bare}"),
        ] {
            let error = Vault::parse(&bad.to_owned().into())
                .err()
                .unwrap()
                .to_string();
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
    }

    #[test]
    fn r15_a_sealed_value_opens_only_in_its_place_and_with_its_key() {
        let (a, b) = (cipher(&[1; 32]), cipher(&[2; 32]));
        let sealed = seal(&a, b"sk_test_1", "ten_a/x").unwrap();
        assert_eq!(open(&a, &sealed, "ten_a/x").unwrap(), b"sk_test_1");
        assert!(open(&a, &sealed, "ten_b/x").is_err());
        assert!(open(&b, &sealed, "ten_a/x").is_err());
        assert!(!sealed.windows(7).any(|w| w == b"sk_test"));
    }
}
