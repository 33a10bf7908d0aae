//! Takes the variables of a single shop into a tenant's provider accounts. One table says what
//! each variable is; no value is ever told, only what became of it.
use super::provider_accounts::{AccountError, SaveAccount, check_credential, hook_url, open, save};
use super::{Actor, App, ProviderInfo, provider_accounts};
use crate::domain::account::Mode;
use crate::domain::ids::TenantId;
use crate::providers::{PaymentProvider, find};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// A variable that single shops have.
pub struct Variable {
    pub name: &'static str,
    pub provider: &'static str,
    pub is: Is,
}

/// What a variable is for.
pub enum Is {
    /// A credential of this name.
    Field(&'static str),
    /// A credential that also shows whether it is for tests.
    FieldWithMode(&'static str, fn(&str) -> Mode),
    /// Says whether the provider's keys are for tests; goes before what a key shows.
    Mode(fn(&str) -> Option<Mode>),
    /// Nothing that is needed here, and why.
    Needless(&'static str),
}

const OWN_ADDRESS: &str = "every payment names its own hook address";
const OWN_PAGE: &str = "each order names its own return_url and failure_url";
const OPERATORS: &str = "the addresses are built in; MALIPO_PROVIDER_URL_… replaces them";

const fn field(name: &'static str, provider: &'static str, field: &'static str) -> Variable {
    Variable {
        name,
        provider,
        is: Is::Field(field),
    }
}

const fn other(name: &'static str, provider: &'static str, is: Is) -> Variable {
    Variable { name, provider, is }
}

/// Every variable that is known, by provider.
pub const VARIABLES: &[Variable] = &[
    field("STRIPE_SECRET_KEY", "stripe", "secret_key"),
    field("STRIPE_WEBHOOK_SECRET", "stripe", "webhook_secret"),
    field("PAYSTACK_SECRET_KEY", "paystack", "secret_key"),
    field("PAYSTACK_PUBLIC_KEY", "paystack", "public_key"),
    field("FLUTTERWAVE_SECRET_KEY", "flutterwave", "secret_key"),
    field("FLUTTERWAVE_PUBLIC_KEY", "flutterwave", "public_key"),
    field("FLUTTERWAVE_SECRET_HASH", "flutterwave", "secret_hash"),
    other("MPESA_ENVIRONMENT", "mpesa", Is::Mode(mode_word)),
    field("MPESA_CONSUMER_KEY", "mpesa", "consumer_key"),
    field("MPESA_CONSUMER_SECRET", "mpesa", "consumer_secret"),
    other(
        "MPESA_SHORTCODE",
        "mpesa",
        Is::FieldWithMode("shortcode", sandbox_shortcode),
    ),
    field("MPESA_PASSKEY", "mpesa", "passkey"),
    other("MPESA_CALLBACK_URL", "mpesa", Is::Needless(OWN_ADDRESS)),
    other(
        "MOMO_ENVIRONMENT",
        "mtn_momo",
        Is::FieldWithMode("target_environment", target_environment),
    ),
    field("MOMO_API_USER", "mtn_momo", "api_user"),
    field("MOMO_API_KEY", "mtn_momo", "api_key"),
    field("MOMO_SUBSCRIPTION_KEY", "mtn_momo", "subscription_key"),
    other("MOMO_CALLBACK_URL", "mtn_momo", Is::Needless(OWN_ADDRESS)),
    other("PAYMONGO_MODE", "paymongo", Is::Mode(mode_word)),
    field("PAYMONGO_SECRET_KEY", "paymongo", "secret_key"),
    field("PAYMONGO_PUBLIC_KEY", "paymongo", "public_key"),
    field("PAYMONGO_WEBHOOK_SECRET", "paymongo", "webhook_secret"),
    other("PAYMONGO_API_URL", "paymongo", Is::Needless(OPERATORS)),
    other("PAYME_TEST_MODE", "payme", Is::Mode(truth)),
    field("PAYME_MERCHANT_ID", "payme", "merchant_id"),
    field("PAYME_SECRET_KEY", "payme", "secret_key"),
    other(
        "PAYME_CALLBACK_URL",
        "payme",
        Is::Needless("orders name the return page; the hook address is set at the provider"),
    ),
    other("PAYME_API_URL", "payme", Is::Needless(OPERATORS)),
    other("PAYME_TEST_API_URL", "payme", Is::Needless(OPERATORS)),
    other("MAMO_ENVIRONMENT", "mamopay", Is::Mode(mode_word)),
    field("MAMO_API_KEY", "mamopay", "api_key"),
    field("MAMO_WEBHOOK_SECRET", "mamopay", "webhook_secret"),
    other("MAMO_RETURN_URL", "mamopay", Is::Needless(OWN_PAGE)),
    other("MAMO_FAILURE_RETURN_URL", "mamopay", Is::Needless(OWN_PAGE)),
];

/// The words that shops use for an environment.
fn mode_word(text: &str) -> Option<Mode> {
    match text.to_ascii_lowercase().as_str() {
        "test" | "sandbox" => Some(Mode::Test),
        "live" | "production" => Some(Mode::Live),
        _ => None,
    }
}

fn truth(text: &str) -> Option<Mode> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(Mode::Test),
        "false" | "0" | "no" | "off" => Some(Mode::Live),
        _ => None,
    }
}

/// Daraja portal: the public sandbox short code; every other one is a merchant's own.
fn sandbox_shortcode(text: &str) -> Mode {
    Mode::of(text == "174379")
}

/// MTN's developer portal: `sandbox`, or one environment for each country.
fn target_environment(text: &str) -> Mode {
    Mode::of(text == "sandbox")
}

/// What became of one variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// Sealed in the tenant's account.
    Taken,
    /// The account has this value already.
    Kept,
    /// It said the mode of the others.
    Read,
    NotNeeded,
    Refused,
}

impl Became {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Kept => "kept",
            Self::Read => "read",
            Self::NotNeeded => "not_needed",
            Self::Refused => "refused",
        }
    }
}

/// One variable's line in the report. It holds no value.
#[derive(Clone, Debug)]
pub struct Line {
    pub variable: &'static str,
    pub provider: &'static str,
    pub became: Became,
    pub mode: Option<Mode>,
    pub field: Option<&'static str>,
    pub why: String,
}

/// How a provider stands after the import.
#[derive(Clone, Debug)]
pub struct Standing {
    pub provider: &'static str,
    pub mode: Mode,
    pub offered: bool,
    /// Why it is not offered, or what is to be done.
    pub why: String,
    pub hook_url: String,
}

#[derive(Clone, Debug, Default)]
pub struct Imported {
    pub lines: Vec<Line>,
    pub providers: Vec<Standing>,
}

/// The variables that are set: name and trimmed value.
type Set = Vec<(&'static Variable, SecretString)>;

/// Takes what is set. `enable` offers each provider whose keys are complete, in the mode of its
/// keys. Run again, it changes nothing.
///
/// # Errors
/// [`AccountError`] where the database or the vault fails; a bad value is a line of the report.
pub async fn import(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    values: &BTreeMap<&'static str, SecretString>,
    enable: bool,
) -> Result<Imported, AccountError> {
    let mut done = Imported::default();
    let mut providers: Vec<&'static str> = VARIABLES.iter().map(|v| v.provider).collect();
    providers.dedup();
    for provider in providers {
        let set: Set = VARIABLES
            .iter()
            .filter(|v| v.provider == provider)
            .filter_map(|v| Some((v, values.get(v.name)?.expose_secret().trim().into())))
            .collect();
        if !set.is_empty() {
            import_one(app, actor, tenant, provider, set, enable, &mut done).await?;
        }
    }
    Ok(done)
}

/// Takes the variables of one provider.
async fn import_one(
    app: &App,
    actor: &Actor,
    tenant: &TenantId,
    provider: &'static str,
    set: Set,
    enable: bool,
    done: &mut Imported,
) -> Result<(), AccountError> {
    let Some(info) = find(provider).map(PaymentProvider::info) else {
        let why = format!("this version has no provider {provider}");
        let lines = set.iter().map(|(v, _)| line(v, Became::Refused, &why));
        done.lines.extend(lines);
        return Ok(());
    };
    let (mut lines, keys) = sort(info, set);
    let mode = match lines.iter().find(|l| l.became == Became::Refused) {
        // A mode that cannot be read is no mode: nothing is guessed.
        Some(bad) => Err(format!("{} does not say the mode", bad.variable)),
        None => mode_of(info, &lines, &keys),
    };
    let mut change = SaveAccount {
        provider: provider.to_owned(),
        ..SaveAccount::default()
    };
    let mut has = false;
    if let Ok(mode) = mode {
        let account = open(app, tenant, provider, mode).await?;
        for (variable, field, value) in keys {
            let same = account.credentials.get(field);
            let same = same.is_some_and(|s| s.expose_secret() == value.expose_secret());
            let known = check_credential(info, mode, field, value.expose_secret());
            let (became, why) = match known {
                Err(refused) => (Became::Refused, refused.message),
                Ok(()) if same => (Became::Kept, "is saved already".to_owned()),
                Ok(()) => {
                    change.credentials.push((mode, field.to_owned(), value));
                    (Became::Taken, String::new())
                }
            };
            has |= became != Became::Refused;
            lines.push(Line {
                mode: Some(mode),
                field: Some(field),
                ..line(variable, became, &why)
            });
        }
    } else if let Err(why) = &mode {
        let refused = keys.iter().map(|(v, field, _)| Line {
            field: Some(*field),
            ..line(v, Became::Refused, why)
        });
        lines.extend(refused);
    }
    lines.sort_by_key(|l| VARIABLES.iter().position(|v| v.name == l.variable));
    done.lines.append(&mut lines);
    let Some(mode) = mode.ok().filter(|_| has) else {
        return Ok(());
    };
    let standing = settle(app, tenant, info, mode, enable, &mut change).await?;
    if !change.credentials.is_empty() || change.enabled.is_some() {
        save(app, actor, tenant, change).await?;
    }
    done.providers.push(standing);
    Ok(())
}

fn line(variable: &Variable, became: Became, why: &str) -> Line {
    Line {
        variable: variable.name,
        provider: variable.provider,
        became,
        mode: None,
        field: None,
        why: why.to_owned(),
    }
}

type Key = (&'static Variable, &'static str, SecretString);

/// Parts what is said already from the keys: empty and needless ones, fields that this adapter
/// does not have, and words for the mode.
fn sort(info: &ProviderInfo, set: Set) -> (Vec<Line>, Vec<Key>) {
    let (mut lines, mut keys) = (vec![], vec![]);
    for (variable, value) in set {
        if value.expose_secret().is_empty() {
            lines.push(line(variable, Became::NotNeeded, "is empty"));
            continue;
        }
        match variable.is {
            Is::Needless(why) => lines.push(line(variable, Became::NotNeeded, why)),
            Is::Mode(read) => lines.push(match read(value.expose_secret()) {
                Some(mode) => Line {
                    mode: Some(mode),
                    ..line(variable, Became::Read, "says of which mode the keys are")
                },
                None => line(variable, Became::Refused, "says neither test nor live"),
            }),
            Is::Field(field) | Is::FieldWithMode(field, _) => {
                if info.credential(field).is_some() {
                    keys.push((variable, field, value));
                } else {
                    let why = format!("{} is used without it", info.label);
                    lines.push(line(variable, Became::NotNeeded, &why));
                }
            }
        }
    }
    (lines, keys)
}

/// Of which mode the keys are: as a variable says, as a key shows, as another field shows.
fn mode_of(info: &ProviderInfo, lines: &[Line], keys: &[Key]) -> Result<Mode, String> {
    let said = lines.iter().find(|l| l.became == Became::Read);
    if let Some(mode) = said.and_then(|l| l.mode) {
        return Ok(mode);
    }
    let shown = keys
        .iter()
        .find_map(|(_, field, value)| shown(info, field, value.expose_secret()));
    let by_field = || {
        keys.iter()
            .find_map(|(variable, _, value)| match variable.is {
                Is::FieldWithMode(_, read) => Some(read(value.expose_secret())),
                _ => None,
            })
    };
    shown.or_else(by_field).ok_or_else(|| {
        let says = VARIABLES.iter().find(|v| {
            v.provider == info.name && matches!(v.is, Is::Mode(_) | Is::FieldWithMode(..))
        });
        match says {
            Some(v) => format!("nothing says whether it is for tests; set {}", v.name),
            None => "shows neither test nor live; save it by `provider set --mode`".to_owned(),
        }
    })
}

/// The mode that a key shows by its beginning, or by `_test_` and `_live_` near it.
fn shown(info: &ProviderInfo, field: &str, value: &str) -> Option<Mode> {
    let field = info.credential(field)?;
    let begins = |prefix: Option<&str>| prefix.is_some_and(|p| value.starts_with(p));
    if begins(field.test_prefix) {
        return Some(Mode::Test);
    }
    if begins(field.live_prefix) {
        return Some(Mode::Live);
    }
    // Keys with fewer rights begin otherwise (rk_test_…).
    let mark = value.get(2..8)?;
    match mark {
        "_test_" => Some(Mode::Test),
        "_live_" => Some(Mode::Live),
        _ => None,
    }
}

/// Says how the account will stand, and has `change` offer it where that is wished and can be.
async fn settle(
    app: &App,
    tenant: &TenantId,
    info: &'static ProviderInfo,
    mode: Mode,
    enable: bool,
    change: &mut SaveAccount,
) -> Result<Standing, AccountError> {
    let view = provider_accounts::view(app, tenant, info.name).await?;
    let (enabled, in_mode) = view
        .as_ref()
        .map_or((false, Mode::Test), |v| (v.enabled, Mode::of(v.test_mode)));
    let mut missing = view.map(|v| v.missing(mode)).unwrap_or_default();
    missing.retain(|f| !change.credentials.iter().any(|(_, name, _)| name == f.name));
    let (offered, why) = if enabled && in_mode == mode {
        (true, "was offered already".to_owned())
    } else if enabled {
        let (now, keys) = (in_mode.as_str(), mode.as_str());
        (
            true,
            format!("is offered in {now} mode; these are {keys} keys: switch it on its page"),
        )
    } else if let Some(field) = missing.first() {
        let how = if info.registers_hooks {
            "; `provider register-hooks` may give it"
        } else {
            ""
        };
        let mode = mode.as_str();
        (
            false,
            format!("still needs its {mode} {}{how}", field.label),
        )
    } else if enable {
        change.enabled = Some(true);
        change.test_mode = (!info.test_only).then_some(mode.is_test());
        (true, String::new())
    } else {
        (false, "is complete; --enable offers it".to_owned())
    };
    Ok(Standing {
        provider: info.name,
        mode,
        offered,
        why,
        hook_url: hook_url(app, tenant, info.name, mode).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::REGISTRY;

    #[test]
    fn every_variable_of_a_provider_of_ours_names_a_field_that_it_has() {
        for v in VARIABLES {
            let Some(info) = find(v.provider).map(PaymentProvider::info) else {
                continue;
            };
            if let Is::FieldWithMode(field, _) = v.is {
                assert!(info.credential(field).is_some(), "{}", v.name);
            }
        }
        let mut names: Vec<_> = VARIABLES.iter().map(|v| v.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), VARIABLES.len());
    }

    #[test]
    fn a_required_key_of_a_provider_with_variables_can_be_imported() {
        for info in REGISTRY.iter().map(|a| a.info()) {
            let fields: Vec<_> = VARIABLES
                .iter()
                .filter(|v| v.provider == info.name)
                .filter_map(|v| match v.is {
                    Is::Field(f) | Is::FieldWithMode(f, _) => Some(f),
                    _ => None,
                })
                .collect();
            for field in info.credentials.iter().filter(|f| f.required) {
                assert!(
                    fields.is_empty() || fields.contains(&field.name),
                    "{} {}",
                    info.name,
                    field.name
                );
            }
        }
    }

    #[test]
    fn the_mode_is_read_and_never_guessed() {
        for (read, text, want) in [
            (
                mode_word as fn(&str) -> Option<Mode>,
                "sandbox",
                Some(Mode::Test),
            ),
            (mode_word, "Production", Some(Mode::Live)),
            (mode_word, "staging", None),
            (truth, "True", Some(Mode::Test)),
            (truth, "0", Some(Mode::Live)),
            (truth, "perhaps", None),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
        assert_eq!(sandbox_shortcode("174379"), Mode::Test);
        assert_eq!(sandbox_shortcode("600984"), Mode::Live);
        assert_eq!(target_environment("sandbox"), Mode::Test);
        assert_eq!(target_environment("mtnuganda"), Mode::Live);
        let paystack = find("paystack").unwrap().info();
        assert_eq!(shown(paystack, "secret_key", "sk_test_1"), Some(Mode::Test));
        assert_eq!(shown(paystack, "secret_key", "sk_live_1"), Some(Mode::Live));
        assert_eq!(shown(paystack, "secret_key", "rk_test_1"), Some(Mode::Test));
        assert_eq!(shown(paystack, "secret_key", "key"), None);
    }
}
