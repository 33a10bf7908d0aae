//! Making and revoking API keys.
use super::{Next, answer, enter};
use crate::domain::account::Mode;
use crate::domain::ids::{ApiKeyId, Id};
use crate::domain::role::Permission;
use crate::services::StoreError;
use crate::services::api_keys::{self, ApiKeyError, NewKey};
use crate::web::admin::auth::Refusal;
use crate::web::admin::pages::api_keys::FRESH;
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;

/// Makes a key. Its secret is shown once, by the page that follows.
#[server(prefix = "/do", endpoint = "admin/api-keys/create")]
pub async fn admin_create_api_key(
    tenant: String,
    #[server(default)] name: String,
    #[server(default)] mode: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] expires_in: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageApiKeys).await?;
        let path = me.url("/api-keys");
        let flash = Flash::new("api-keys/create")
            .value("name", &name)
            .value("mode", &mode)
            .value("scopes", &scopes.join(","))
            .value("expires_in", &expires_in);
        let Some(mode) = Mode::parse(&mode) else {
            let words = "Choose test or live.";
            return Ok(Next::with(path, told::refused(flash, "mode", words)));
        };
        let expires_in_days = match expires_in.trim() {
            "" => None,
            typed => {
                let Ok(days) = typed.parse() else {
                    let flash = told::refused(flash, "expires_in", "Choose when it ends.");
                    return Ok(Next::with(path, flash));
                };
                Some(days)
            }
        };
        // To read is what every key may: with nothing ticked, it may no more.
        let mut wanted = vec!["read".to_owned()];
        wanted.extend(scopes);
        let new = NewKey {
            mode,
            name,
            scopes: wanted,
            expires_in_days,
        };
        let tenant = &me.member.tenant.id;
        match api_keys::create(&me.app, &me.actor(), tenant, new).await {
            Ok((key, secret)) => {
                let sealed = api_keys::seal_shown(&me.app, tenant, &secret).await;
                let sealed = sealed.map_err(Refusal::broken)?;
                let flash = Flash::new(FRESH)
                    .value("name", &key.name)
                    .value("sealed", &sealed);
                Ok(Next::with(path, flash))
            }
            Err(ApiKeyError::Input(p)) => {
                let flash = told::refused(flash, p.field, &told::input(&p));
                Ok(Next::with(path, flash))
            }
            Err(ApiKeyError::Store(e)) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Ends a key at once.
#[server(prefix = "/do", endpoint = "admin/api-keys/revoke")]
pub async fn admin_revoke_api_key(tenant: String, key: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageApiKeys).await?;
        let path = me.url("/api-keys");
        let id = ApiKeyId::parse(&key).ok_or(Refusal::NotFound)?;
        let tenant = &me.member.tenant.id;
        let known = api_keys::get(&me.app, tenant, &id).await?;
        known.ok_or(Refusal::NotFound)?;
        match api_keys::revoke(&me.app, &me.actor(), tenant, &id).await {
            Ok(()) => Ok(Next::done(path, "The key is revoked.")),
            Err(StoreError::Stale) => Ok(Next::fault(path, "The key was revoked already.")),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}
