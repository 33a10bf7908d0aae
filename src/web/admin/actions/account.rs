//! Signing in, setting and changing a password.
use super::{Next, answer, app, enter, parts, session};
use crate::domain::role::Permission;
use crate::services::accounts::{self, LoginError, TeamError};
use crate::web::admin::auth::{Refusal, client_address, login_path, sign_in};
use crate::web::admin::pages::entry::safe_next;
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;

/// Opens a session. Whether the e-mail exists is never told.
#[server(prefix = "/do", endpoint = "admin/login")]
pub async fn admin_login(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] next: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let (app, session, parts) = (app()?, session().await?, parts()?);
        let next = safe_next(&next);
        let address = client_address(&app, &parts);
        let sentence = match accounts::login(&app, &email, password.into(), &address).await {
            Ok(user) => {
                sign_in(&session, &user).await?;
                return Ok(Next::to(next));
            }
            Err(LoginError::Wrong) => "The e-mail or the password is wrong.".to_owned(),
            Err(LoginError::Throttled { until }) => {
                let minutes = until.secs_since(app.clock.now()).max(0) / 60 + 1;
                format!("Too many attempts. Try again in {minutes} minutes.")
            }
            Err(LoginError::Store(e)) => return Err(Refusal::broken(e)),
        };
        let flash = Flash::new("login").value("email", &email);
        Ok(Next::with(
            login_path(next),
            told::refused(flash, "", &sentence),
        ))
    })
    .await
}

/// Sets the password of a one-time link and signs in.
#[server(prefix = "/do", endpoint = "admin/set-password")]
pub async fn admin_set_password(
    #[server(default)] token: String,
    #[server(default)] password: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let (app, session) = (app()?, session().await?);
        match accounts::set_password_by_link(&app, &token, password.into()).await {
            Ok(user) => {
                sign_in(&session, &user).await?;
                Ok(Next::to("/admin"))
            }
            Err(TeamError::Input(p)) => {
                let flash = told::refused(Flash::new("set-password"), "password", &told::input(&p));
                // Only what a token is made of may stand in the address.
                let token: String = token.chars().filter(char::is_ascii_alphanumeric).collect();
                Ok(Next::with(format!("/login/link/{token}"), flash))
            }
            Err(TeamError::NotFound) => Ok(Next::fault(
                "/login",
                "This link no longer works. An owner of your shop can make a new one.",
            )),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// Changes one's own password. Every session of the user ends; this browser gets a new one.
#[server(prefix = "/do", endpoint = "admin/account/password")]
pub async fn admin_change_password(
    tenant: String,
    #[server(default)] old_password: String,
    #[server(default)] password: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ViewMoney).await?;
        let session = session().await?;
        let user = me.member.user_id.clone();
        match accounts::change_password(&me.app, &user, old_password.into(), password.into()).await
        {
            Ok(()) => {
                sign_in(&session, &user).await?;
                let words = "The password is changed. Everywhere else you are signed out.";
                Ok(Next::done(me.url("/account"), words))
            }
            Err(TeamError::Input(p)) => {
                let flash =
                    told::refused(Flash::new("account/password"), p.field, &told::input(&p));
                Ok(Next::with(me.url("/account"), flash))
            }
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}
