//! Provider settings. Secrets come in here and never go back.
use super::{Next, answer, enter};
use crate::domain::account::Mode;
use crate::domain::role::Permission;
use crate::services::accounts::{self, LoginError};
use crate::services::provider_accounts::{self, AccountError, SaveAccount};
use crate::services::provider_hooks::register_hooks;
use crate::services::{ProviderInfo, find_provider};
use crate::web::admin::auth::{Me, Refusal};
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;
use secrecy::SecretString;
use std::collections::BTreeMap;

fn info(name: &str) -> Result<&'static ProviderInfo, Refusal> {
    let adapter = find_provider(name).ok_or(Refusal::NotFound)?;
    Ok(adapter.info())
}

async fn save(me: &Me, change: SaveAccount) -> Result<(), AccountError> {
    provider_accounts::save(&me.app, &me.actor(), &me.member.tenant.id, change).await
}

/// Saves the keys that were typed; an empty field keeps what is saved.
#[server(prefix = "/do", endpoint = "admin/providers/save")]
pub async fn admin_save_provider(
    tenant: String,
    provider: String,
    #[server(default)] test: BTreeMap<String, String>,
    #[server(default)] live: BTreeMap<String, String>,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageProviders).await?;
        let info = info(&provider)?;
        let path = me.url(&format!("/providers/{}", info.name));
        let mut flash = Flash::new("providers/save");
        let mut change = SaveAccount {
            provider,
            ..SaveAccount::default()
        };
        for (mode, fields) in [(Mode::Test, test), (Mode::Live, live)] {
            for (field, value) in fields {
                if value.trim().is_empty() {
                    continue;
                }
                if info.credential(&field).is_some_and(|f| !f.secret) {
                    flash = flash.value(&format!("{}[{field}]", mode.as_str()), &value);
                }
                change.credentials.push((mode, field, value.into()));
            }
        }
        let n = change.credentials.len();
        if n == 0 {
            return Ok(Next::fault(path, "Nothing was typed, so nothing changed."));
        }
        let sent = change.credentials.clone();
        match save(&me, change).await {
            Ok(()) => {
                let words = match n {
                    1 => "One key is saved. Run the self-test.".to_owned(),
                    n => format!("{n} keys are saved. Run the self-test."),
                };
                Ok(Next::done(path, &words))
            }
            Err(AccountError::Input(p)) => {
                let mode = blamed(info, &sent, p.field);
                let field = format!("{}[{}]", mode.as_str(), p.field);
                let mut words = told::input(&p);
                if info.credential(p.field).is_some_and(|f| f.secret) {
                    words.push_str(" A secret is never sent back to a page, so paste it again.");
                }
                Ok(Next::with(path, told::refused(flash, &field, &words)))
            }
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// In which column a refused field stands: the one whose value begins like the other mode's.
fn blamed(info: &ProviderInfo, sent: &[(Mode, String, SecretString)], field: &str) -> Mode {
    use secrecy::ExposeSecret;
    let wrong = sent
        .iter()
        .filter(|(_, name, _)| name == field)
        .find(|(mode, _, value)| {
            let other = info.credential(field).and_then(|f| match mode {
                Mode::Test => f.live_prefix,
                Mode::Live => f.test_prefix,
            });
            other.is_some_and(|p| value.expose_secret().trim().starts_with(p))
        });
    wrong
        .or_else(|| sent.iter().find(|(_, name, _)| name == field))
        .map_or(Mode::Live, |(mode, _, _)| *mode)
}

/// Saves options that are no secret.
#[server(prefix = "/do", endpoint = "admin/providers/options")]
pub async fn admin_save_options(
    tenant: String,
    provider: String,
    #[server(default)] options: BTreeMap<String, String>,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageProviders).await?;
        let info = info(&provider)?;
        let path = me.url(&format!("/providers/{}", info.name));
        let flash = options
            .iter()
            .fold(Flash::new("providers/save"), |f, (name, value)| {
                f.value(&format!("options[{name}]"), value)
            });
        let change = SaveAccount {
            provider,
            options,
            ..SaveAccount::default()
        };
        match save(&me, change).await {
            Ok(()) => Ok(Next::done(path, "The options are saved.")),
            Err(AccountError::Input(p)) => {
                let field = format!("options[{}]", p.field);
                Ok(Next::with(
                    path,
                    told::refused(flash, &field, &told::input(&p)),
                ))
            }
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Offers a provider to customers, or takes it away. With live keys in use a page asks first.
#[server(prefix = "/do", endpoint = "admin/providers/enable")]
pub async fn admin_enable_provider(
    tenant: String,
    provider: String,
    #[server(default)] on: String,
    #[server(default)] confirmed: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageProviders).await?;
        let info = info(&provider)?;
        let path = me.url(&format!("/providers/{}", info.name));
        let on = on == "1";
        let view = provider_accounts::view(&me.app, &me.member.tenant.id, info.name)
            .await
            .map_err(Refusal::broken)?
            .ok_or(Refusal::NotFound)?;
        if on && !view.test_mode && confirmed != "1" {
            return Ok(Next::to(format!("{path}/offer")));
        }
        let change = SaveAccount {
            provider,
            enabled: Some(on),
            ..SaveAccount::default()
        };
        match save(&me, change).await {
            Ok(()) if on => Ok(Next::done(path, &format!("{} is offered now.", info.label))),
            Ok(()) => {
                let words = format!("{} is no longer offered. Open attempts go on.", info.label);
                Ok(Next::done(path, &words))
            }
            Err(AccountError::Input(p)) => Ok(Next::fault(path, &told::input(&p))),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Switches test mode. Turning it off takes live money, so the password is asked again.
#[server(prefix = "/do", endpoint = "admin/providers/test-mode")]
pub async fn admin_test_mode(
    tenant: String,
    provider: String,
    #[server(default)] on: String,
    #[server(default)] password: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageProviders).await?;
        let info = info(&provider)?;
        let path = me.url(&format!("/providers/{}", info.name));
        let on = on == "1";
        if !on {
            let asked = format!("{path}/go-live");
            let refuse = |words: &str| {
                let flash = told::refused(Flash::new("providers/go-live"), "password", words);
                Ok(Next::with(asked.clone(), flash))
            };
            let known =
                accounts::login(&me.app, &me.member.email, password.into(), &me.address).await;
            match known {
                Ok(_) => {}
                Err(LoginError::Wrong) => return refuse("The password is wrong."),
                Err(LoginError::Throttled { .. }) => {
                    return refuse("Too many attempts. Try again later.");
                }
                Err(LoginError::Store(e)) => return Err(Refusal::broken(e)),
            }
        }
        let change = SaveAccount {
            provider,
            test_mode: Some(on),
            ..SaveAccount::default()
        };
        match save(&me, change).await {
            Ok(()) if on => {
                let words = format!("{} is in test mode: no real money moves.", info.label);
                Ok(Next::done(path, &words))
            }
            Ok(()) => Ok(Next::done(
                path,
                &format!("{} takes real money now.", info.label),
            )),
            Err(AccountError::Input(p)) => Ok(Next::fault(path, &told::input(&p))),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Calls the provider with the saved keys. Moves no money.
#[server(prefix = "/do", endpoint = "admin/providers/self-test")]
pub async fn admin_self_test(
    tenant: String,
    provider: String,
    #[server(default)] mode: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageProviders).await?;
        let info = info(&provider)?;
        let mode = Mode::parse(&mode).ok_or(Refusal::NotFound)?;
        let path = me.url(&format!("/providers/{}", info.name));
        let tenant = &me.member.tenant.id;
        let actor = me.actor();
        let tested = provider_accounts::self_test(&me.app, &actor, tenant, info.name, mode).await;
        let flash = Flash::new("providers/self-test")
            .value("provider", info.name)
            .value("mode", mode.as_str());
        let cut = |text: String| text.chars().take(600).collect::<String>();
        let flash = match tested {
            Ok(Ok(said)) => flash.error_with("", "ok", &[&cut(said)]),
            Ok(Err(e)) => flash.error_with("", "refused", &[&cut(e.to_string())]),
            Err(AccountError::Input(p)) => return Ok(Next::fault(path, &told::input(&p))),
            Err(e) => return Err(Refusal::broken(e)),
        };
        Ok(Next::with(format!("{path}#self-test"), flash))
    })
    .await
}

/// Registers the hook address with the provider and keeps the secret that comes with it.
#[server(prefix = "/do", endpoint = "admin/providers/register-hooks")]
pub async fn admin_register_hooks(
    tenant: String,
    provider: String,
    #[server(default)] mode: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageProviders).await?;
        let info = info(&provider)?;
        let mode = Mode::parse(&mode).ok_or(Refusal::NotFound)?;
        let path = me.url(&format!("/providers/{}", info.name));
        let (tenant, actor) = (&me.member.tenant.id, me.actor());
        let done = register_hooks(&me.app, &actor, tenant, info.name, mode).await;
        match done {
            Ok(Ok(done)) => {
                let mut words = told::sentence(&done.said);
                if !done.credentials.is_empty() {
                    words.push_str(" The secret that came with it is saved.");
                }
                Ok(Next::done(path, &words))
            }
            Ok(Err(e)) => {
                let said: String = e.to_string().chars().take(600).collect();
                let words = format!("{} did not take the address: {said}", info.label);
                Ok(Next::fault(path, &words))
            }
            Err(AccountError::Input(p)) => Ok(Next::fault(path, &told::input(&p))),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}
