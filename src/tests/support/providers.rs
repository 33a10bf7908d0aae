//! Every provider of the registry, set up from its capability table alone: what a test needs to pay
//! through a provider that it does not know.
use super::app::{PASSKEY, SHORTCODE, TestApp};
use super::word;
use malipo::domain::account::Mode;
use malipo::services::provider_accounts::SaveAccount;
use malipo::services::{Field, ProviderInfo};
use serde_json::{Value, json};

/// Values that a provider's public sandbox insists on; anything else may be any word.
const SANDBOX: &[(&str, &str, &str)] = &[
    ("mpesa", "shortcode", SHORTCODE),
    ("mpesa", "passkey", PASSKEY),
    ("mtn_momo", "target_environment", "sandbox"),
];

/// What no form insists on, and what more can be done with it: believe hooks, give money back.
const MORE: &[&str] = &[
    "webhook_secret",
    "secret_hash",
    "disbursement_subscription_key",
    "initiator_name",
    "security_credential",
];

/// What a person would paste into the settings form in test mode.
pub fn test_credentials(info: &'static ProviderInfo) -> Vec<(&'static str, String)> {
    let fields = info.credentials.iter();
    let wanted = fields.filter(|f| f.required || MORE.contains(&f.name));
    wanted.map(|f| (f.name, value(info.name, f))).collect()
}

fn value(provider: &str, field: &Field) -> String {
    let known = SANDBOX
        .iter()
        .find(|(p, f, _)| (*p, *f) == (provider, field.name));
    if let Some((_, _, value)) = known {
        return (*value).to_owned();
    }
    if let Some(first) = field.choices.first() {
        return (*first).to_owned();
    }
    // Twenty-four hex digits: also the form of the ids that some providers give.
    format!(
        "{}{}{}",
        field.test_prefix.unwrap_or_default(),
        word(),
        word()
    )
}

impl TestApp {
    /// Offers a provider in test mode and tells the simulator of it. Returns the secret values.
    pub async fn offer(&self, info: &'static ProviderInfo) -> Vec<String> {
        let credentials = test_credentials(info);
        self.save(SaveAccount {
            provider: info.name.to_owned(),
            credentials: super::app::sealed(Mode::Test, &credentials),
            enabled: Some(true),
            test_mode: Some(true),
            ..SaveAccount::default()
        })
        .await;
        let mut body = json!({
            "provider": info.name,
            "hook_url": self.hook_url(info.name, Mode::Test).await,
        });
        for (field, value) in &credentials {
            body[*field] = json!(value);
        }
        self.sim.try_control("accounts", body).await.ok();
        let secret = |(field, value): (&str, String)| {
            let field = info.credential(field)?;
            field.secret.then_some(value)
        };
        credentials.into_iter().filter_map(secret).collect()
    }

    /// The names by which the simulator may know a payment. The customer follows the link first:
    /// some providers hear of the payment only then.
    pub async fn known_by(&self, payment: &Value) -> Vec<String> {
        if let Some(page) = payment["next_action"]["url"].as_str() {
            self.http.get(page).send().await.unwrap();
        }
        let names = ["reference", "provider_reference", "id"];
        let mut known: Vec<String> = names
            .iter()
            .filter_map(|n| payment[*n].as_str().map(str::to_owned))
            .collect();
        // A prompt whose answer was lost has no name that we know: it is the newest one there.
        let ledger = self.sim.ledger().await;
        let rows = ledger["payments"].as_array().unwrap();
        let newest = rows.iter().rfind(|p| p["provider"] == payment["provider"]);
        known.extend(newest.and_then(|p| p["provider_ref"].as_str().map(str::to_owned)));
        known
    }

    /// Is the customer, whatever the simulator knows the payment by. An error says what it refuses.
    pub async fn try_decide(&self, payment: &Value, outcome: &str) -> Result<(), String> {
        let known = self.known_by(payment).await;
        let mut refused = String::from("the simulator knows no such payment");
        for name in known {
            let body = json!({
                "provider": payment["provider"], "reference": name, "outcome": outcome,
            });
            match self.sim.try_control("decide", body).await {
                Ok(_) => {
                    self.run_jobs().await;
                    return Ok(());
                }
                Err((404, _)) => {}
                Err((_, why)) => refused = why,
            }
        }
        Err(refused)
    }
}
