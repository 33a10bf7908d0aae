//! Saying that two customers are one.
use super::{CHANGED, Next, answer, enter};
use crate::domain::ids::{CustomerId, Id};
use crate::domain::role::Permission;
use crate::services::StoreError;
use crate::services::customers::{self, CustomerError};
use crate::web::admin::auth::Refusal;
use crate::web::admin::told;
use leptos::prelude::*;

/// Makes two customers one, after the page that compared them.
#[server(prefix = "/do", endpoint = "admin/customers/merge")]
pub async fn admin_merge_customers(
    tenant: String,
    from: String,
    into: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::MergeCustomers).await?;
        let from = CustomerId::parse(&from).ok_or(Refusal::NotFound)?;
        let into = CustomerId::parse(&into).ok_or(Refusal::NotFound)?;
        let path = me.url(&format!("/customers/{into}"));
        let tenant = &me.member.tenant.id;
        match customers::merge(&me.app, tenant, &me.actor(), &from, &into).await {
            Ok(_) => Ok(Next::done(path, "They are one customer now.")),
            Err(CustomerError::NotFound) => Err(Refusal::NotFound),
            Err(CustomerError::Input(p)) => Ok(Next::fault(path, &told::input(&p))),
            Err(CustomerError::Store(StoreError::Stale)) => Ok(Next::fault(path, CHANGED)),
            Err(e @ CustomerError::Store(_)) => Err(Refusal::broken(e)),
        }
    })
    .await
}
