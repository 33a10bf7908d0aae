//! The team: invitations and roles.
use super::{Next, answer, enter};
use crate::domain::ids::{Id, UserId};
use crate::domain::role::{Permission, Role};
use crate::services::accounts::{self, TeamError};
use crate::web::admin::auth::{Me, Refusal};
use crate::web::admin::told;
use crate::web::flash::Flash;
use leptos::prelude::*;

/// Takes a person into the team. A new one gets a one-time link, shown once.
#[server(prefix = "/do", endpoint = "admin/team/invite")]
pub async fn admin_invite(
    tenant: String,
    #[server(default)] email: String,
    #[server(default)] name: String,
    #[server(default)] role: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageTeam).await?;
        let path = me.url("/team");
        let flash = Flash::new("team/invite")
            .value("email", &email)
            .value("name", &name)
            .value("role", &role);
        let Some(role) = Role::parse(&role) else {
            return Ok(Next::with(
                path,
                told::refused(flash, "role", "Choose a role."),
            ));
        };
        if role == Role::Owner && me.member.role != Role::Owner {
            let words = "Only an owner makes another owner.";
            return Ok(Next::with(path, told::refused(flash, "role", words)));
        }
        // An invitation of a member must not become a way around the change of a role.
        let known = accounts::members(&me.app, &me.member.tenant.id).await?;
        let typed = email.trim().to_lowercase();
        let taken = known
            .iter()
            .any(|m| m.user.email == typed && (m.user.password_hash.is_some() || m.role != role));
        if taken {
            let words = "This person is in the team already. Change the role in the list.";
            return Ok(Next::with(path, told::refused(flash, "email", words)));
        }
        let tenant = &me.member.tenant;
        match accounts::invite(&me.app, &me.actor(), tenant, &email, &name, role).await {
            Ok(Some(link)) => {
                let who = if name.trim().is_empty() { email } else { name };
                let flash = Flash::new("team/link")
                    .value("who", &who)
                    .value("link", &link);
                Ok(Next::with(path, flash))
            }
            Ok(None) => {
                let words = "Taken in. The person signs in with the password they have.";
                Ok(Next::done(path, words))
            }
            Err(TeamError::Input(p)) => Ok(Next::with(
                path,
                told::refused(flash, p.field, &told::input(&p)),
            )),
            Err(e) => Err(Refusal::broken(e)),
        }
    })
    .await
}

/// A member other than oneself; only owners touch owners.
async fn other(me: &Me, user: &str) -> Result<Result<UserId, &'static str>, Refusal> {
    let id = UserId::parse(user).ok_or(Refusal::NotFound)?;
    let all = accounts::members(&me.app, &me.member.tenant.id).await?;
    let them = all
        .iter()
        .find(|m| m.user.id == id)
        .ok_or(Refusal::NotFound)?;
    Ok(if id == me.member.user_id {
        Err("Your own place is changed by another owner.")
    } else if them.role == Role::Owner && me.member.role != Role::Owner {
        Err("Only an owner changes an owner.")
    } else {
        Ok(id)
    })
}

fn answered(path: String, result: Result<(), TeamError>, done: &str) -> Result<Next, Refusal> {
    match result {
        Ok(()) => Ok(Next::done(path, done)),
        Err(TeamError::LastOwner) => Ok(Next::fault(
            path,
            "The last owner stays: make another one first.",
        )),
        Err(TeamError::NotFound) => Err(Refusal::NotFound),
        Err(TeamError::Input(p)) => Ok(Next::fault(path, &told::input(&p))),
        Err(TeamError::Store(e)) => Err(Refusal::broken(e)),
    }
}

/// Changes a member's role.
#[server(prefix = "/do", endpoint = "admin/team/role")]
pub async fn admin_set_role(
    tenant: String,
    user: String,
    #[server(default)] role: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageTeam).await?;
        let path = me.url("/team");
        let role = Role::parse(&role).ok_or(Refusal::NotFound)?;
        let id = match other(&me, &user).await? {
            Ok(id) => id,
            Err(words) => return Ok(Next::fault(path, words)),
        };
        if role == Role::Owner && me.member.role != Role::Owner {
            return Ok(Next::fault(path, "Only an owner makes another owner."));
        }
        let tenant = &me.member.tenant.id;
        let result = accounts::set_role(&me.app, &me.actor(), tenant, &id, role).await;
        answered(path, result, &format!("The role is {} now.", role.as_str()))
    })
    .await
}

/// Takes a member out of the shop.
#[server(prefix = "/do", endpoint = "admin/team/remove")]
pub async fn admin_remove_member(tenant: String, user: String) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::ManageTeam).await?;
        let path = me.url("/team");
        let id = match other(&me, &user).await? {
            Ok(id) => id,
            Err(words) => return Ok(Next::fault(path, words)),
        };
        let result = accounts::remove(&me.app, &me.actor(), &me.member.tenant.id, &id).await;
        answered(path, result, "Taken out of the team.")
    })
    .await
}
