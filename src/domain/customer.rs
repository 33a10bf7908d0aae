//! A customer: who owes, found again over many orders. Which orders are whose is decided by a key
//! alone, never by what looks alike; that two customers are one is said by a person.
use super::Timestamp;
use super::ids::{CustomerId, TenantId};
use super::order;

/// What finds an order's customer: the merchant's own id where the order has one. An order with a
/// phone number or an e-mail address alone belongs to the customer of exactly this pair, which has
/// no id of the merchant's. Nothing else matches.
pub fn key(contact: &order::Customer) -> Option<String> {
    if let Some(id) = contact.external_id.as_deref().filter(|id| !id.is_empty()) {
        return Some(external_key(id));
    }
    let (phone, email) = (plain(contact.phone.as_ref()), email_key(contact));
    (!phone.is_empty() || !email.is_empty()).then(|| format!("at:{phone}|{email}"))
}

/// The key of the merchant's own id.
pub fn external_key(id: &str) -> String {
    format!("id:{id}")
}

/// The address as customers are found by it.
pub fn email_key(contact: &order::Customer) -> String {
    plain(contact.email.as_ref()).to_lowercase()
}

fn plain(text: Option<&String>) -> &str {
    text.map_or("", |t| t.trim())
}

/// Who owes. Contact fields are those of the newest order that names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    pub id: CustomerId,
    pub tenant_id: TenantId,
    pub livemode: bool,
    /// The merchant's own id.
    pub external_id: Option<String>,
    pub name: String,
    /// Lower case.
    pub email: String,
    /// E.164.
    pub phone: String,
    /// A person said that this is the same as another one.
    pub merged_into: Option<CustomerId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Customer {
    /// How staff call it: name, else the merchant's id, else phone, else e-mail.
    pub fn called(&self) -> &str {
        let external = self.external_id.as_deref().unwrap_or_default();
        [&self.name, external, &self.phone, &self.email]
            .into_iter()
            .find(|t| !t.is_empty())
            .unwrap_or(self.id_text())
    }

    fn id_text(&self) -> &str {
        use super::ids::Id;
        self.id.as_str()
    }

    /// The contact that a new order of this customer carries.
    pub fn contact(&self) -> order::Customer {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        order::Customer {
            external_id: self.external_id.clone(),
            name: given(&self.name),
            email: given(&self.email),
            phone: given(&self.phone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(external_id: &str, email: &str, phone: &str) -> order::Customer {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        order::Customer {
            external_id: given(external_id),
            name: given("Asha"),
            email: given(email),
            phone: given(phone),
        }
    }

    #[test]
    fn the_merchants_id_is_the_key_and_a_contact_only_where_there_is_none() {
        let of = |a, b, c| key(&contact(a, b, c));
        assert_eq!(of("c-1", "a@b.co", "+254712345678").unwrap(), "id:c-1");
        assert_eq!(of("c-1", "", "").unwrap(), "id:c-1");
        let pair = of("", "A@b.co", "+254712345678");
        assert_eq!(pair.as_deref(), Some("at:+254712345678|a@b.co"));
        // One half of a pair is another key: nothing is matched silently.
        assert_ne!(of("", "a@b.co", ""), pair);
        assert_ne!(of("", "", "+254712345678"), pair);
        assert_eq!(of("", "", ""), None);
    }
}
