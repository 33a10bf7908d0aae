//! The team, one's own account, and the first steps.
use super::id;
use crate::domain::ids::UserId;
use crate::domain::payment::PaymentStatus;
use crate::domain::role::Permission;
use crate::services::payments::{self, PaymentFilter};
use crate::services::{App, Cursor, accounts, provider_accounts};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::views::{start as start_view, team as view};
use axum::extract::{Path, State};
use axum::response::Response;

async fn people(me: &Me) -> Result<Vec<view::Person>, Refusal> {
    let people = accounts::members(&me.app, &me.member.tenant.id).await?;
    Ok(people
        .into_iter()
        .map(|m| view::Person {
            id: m.user.id.to_string(),
            name: if m.user.name.is_empty() {
                m.user.email.clone()
            } else {
                m.user.name
            },
            email: m.user.email,
            role: m.role,
            suspended: m.user.suspended,
            joined: m.user.password_hash.is_some(),
        })
        .collect())
}

pub async fn team(who: Who) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageTeam)?;
    let f = me.frame().await?;
    let mut told = me.told("team/invite");
    let made = me.flash("team/link").map(|flash| {
        told.read = true;
        let link = me.app.url(flash.typed("link"));
        (flash.typed("who").to_owned(), link)
    });
    let main = view::team(
        &f,
        view::Team {
            people: people(&me).await?,
            link: made,
            typed: told.typed.clone(),
        },
    );
    Ok(me.page(&f, Page::new(Nav::Team, "Team"), &mut told, main))
}

/// The page that asks before somebody is taken out.
pub async fn remove(
    who: Who,
    Path((_, user)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageTeam)?;
    let user: UserId = id(&user)?;
    let f = me.frame().await?;
    let person = people(&me)
        .await?
        .into_iter()
        .find(|p| p.id == user.to_string())
        .ok_or(Refusal::NotFound)?;
    let mut told = me.told("");
    let main = view::remove(&f, &person);
    let title = format!("Take {} out", person.name);
    Ok(me.page(&f, Page::new(Nav::Team, title), &mut told, main))
}

pub async fn account(who: Who) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let f = me.frame().await?;
    let mut told = me.told("account/password");
    let main = view::account(&f, &told.typed);
    Ok(me.page(
        &f,
        Page::new(Nav::Elsewhere, "Your account"),
        &mut told,
        main,
    ))
}

/// What of the first steps is done.
pub async fn done(me: &Me) -> Result<start_view::Done, Refusal> {
    let tenant = &me.member.tenant.id;
    let accounts = provider_accounts::overview(&me.app, tenant)
        .await
        .map_err(Refusal::broken)?;
    let real = || accounts.iter().filter(|a| !a.info.test_only);
    let paid = async |live: bool| {
        let filter = PaymentFilter {
            livemode: Some(live),
            status: Some(PaymentStatus::Succeeded),
            ..PaymentFilter::default()
        };
        let page = payments::list(&me.app, tenant, &filter, &Cursor::Newest, 1).await?;
        Ok::<_, Refusal>(!page.rows.is_empty())
    };
    Ok(start_view::Done {
        test_payment: paid(false).await?,
        keys: real().any(|a| !a.credentials.is_empty()),
        offered: real().any(|a| a.enabled),
        live: real().any(|a| a.enabled && !a.test_mode),
        live_payment: paid(true).await?,
    })
}

pub async fn start(who: Who, State(_): State<App>) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageProviders)?;
    let f = me.frame().await?;
    let mut told = me.told("");
    let main = start_view::start(&f, done(&me).await?);
    Ok(me.page(
        &f,
        Page::new(Nav::Elsewhere, "First steps"),
        &mut told,
        main,
    ))
}
