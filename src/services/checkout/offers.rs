//! Which ways to pay can succeed for an order: by currency, amount, country, the number's network
//! and the state of the account. Best first.
use super::StartError;
use super::rank::{near, rank};
use crate::domain::method::Method;
use crate::domain::order::Order;
use crate::domain::{Fee, Money};
use crate::providers::{
    Account, FEE_FIXED, FEE_PERCENT, Flow, InputProblem, MethodInfo, PaymentProvider, ProviderInfo,
    REGISTRY, StartPayment, check_amount,
};
use crate::services::App;
use crate::services::provider_accounts::{self, Plain};
use crate::services::provider_health::{self, Shares, Stopped};
use crate::services::tenants::Tenant;
use crate::store::{StoreError, payments};
use std::sync::Arc;

/// A way to pay an order that can succeed.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own on the page"
)]
pub struct Choice {
    pub provider: &'static ProviderInfo,
    pub method: Method,
    pub flow: Flow,
    pub needs_phone: bool,
    /// The provider insists on an e-mail, and neither the order nor the tenant has one.
    pub needs_email: bool,
    pub test: bool,
    pub recommended: bool,
    /// What the provider adds at its own page, as the tenant says.
    pub fee: Option<Added>,
    countries: &'static [&'static str],
}

/// What a provider adds for the payer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    About(Money),
    /// A part of it is in another currency, so that nobody here can count it.
    Something,
}

impl Choice {
    /// Refuses a number whose country this way to pay does not reach.
    pub(super) fn check_country(&self, phone: &str) -> Result<(), InputProblem> {
        if reaches(self.countries, phone) {
            return Ok(());
        }
        let message = format!(
            "{} reaches phones of {} alone",
            self.provider.label,
            self.countries.join(", ")
        );
        Err(InputProblem::new("phone", "phone_not_of_country", message))
    }
}

/// The ISO 3166 code of an E.164 number's country, where its dial code tells one.
pub(super) fn country_of(phone: &str) -> Option<String> {
    let number = phonenumber::parse(None, phone).ok()?;
    Some(number.country().id()?.as_ref().to_owned())
}

fn reaches(countries: &[&str], phone: &str) -> bool {
    countries.is_empty()
        || country_of(phone).is_none_or(|of| countries.iter().any(|c| c.eq_ignore_ascii_case(&of)))
}

/// What is known of a tenant's accounts at the moment.
struct Known {
    accounts: Vec<Plain>,
    took_live: bool,
    stopped: Vec<Stopped>,
    shares: Arc<Shares>,
}

impl Known {
    async fn read(app: &App, tenant: &Tenant) -> Result<Self, StoreError> {
        let mut tx = app.db.read().await?;
        let accounts = provider_accounts::plain(app, &mut tx, &tenant.id).await?;
        let plain: Vec<_> = accounts.iter().map(|a| a.account.clone()).collect();
        Ok(Self {
            took_live: payments::took_live_money(&mut tx, &tenant.id).await?,
            stopped: provider_health::stopped(app, &mut tx, &tenant.id, &plain).await?,
            shares: provider_health::shares(app, &mut tx, &tenant.id).await?,
            accounts,
        })
    }

    fn is_stopped(&self, provider: &str) -> bool {
        self.stopped.iter().any(|s| s.provider == provider)
    }
}

/// The methods that can succeed for what an order asks for, best first; `whole`: all that is left
/// at once. A number that the order has counts.
pub async fn choices(
    app: &App,
    tenant: &Tenant,
    order: &Order,
    whole: bool,
) -> Result<Vec<Choice>, StoreError> {
    let known = Known::read(app, tenant).await?;
    Ok(offer(
        tenant,
        order,
        order.asked(whole),
        &known,
        order.customer.phone.as_deref(),
    ))
}

/// The one that was asked for, or why it cannot be had. Of numbers nothing is asked here: another
/// one can be typed, and the one that is sent is checked.
pub(super) async fn choose(
    app: &App,
    tenant: &Tenant,
    order: &Order,
    asked: Money,
    info: &'static ProviderInfo,
    method: Option<Method>,
) -> Result<Choice, StartError> {
    let known = Known::read(app, tenant).await?;
    let offered = offer(tenant, order, asked, &known, None);
    let of_provider: Vec<_> = offered
        .into_iter()
        .filter(|c| c.provider.name == info.name)
        .collect();
    // Left out: the provider's own first, whatever is the best for this customer.
    let first = info.methods.iter().map(|m| m.method);
    let wanted: Vec<_> = method.map_or_else(|| first.collect(), |m| vec![m]);
    let chosen = wanted
        .iter()
        .find_map(|m| of_provider.iter().find(|c| c.method == *m));
    if let Some(choice) = chosen {
        return Ok(choice.clone());
    }
    // The closest reason: the amount or currency, an unknown method, or the account's state.
    check_amount(info, asked)?;
    if method.is_some_and(|m| info.method(m).is_none()) {
        let message = format!("{} has no such method", info.label);
        return Err(InputProblem::new("method", "method_unknown", message).into());
    }
    let why = if known.is_stopped(info.name) {
        "cannot be used now: it refused the last payments because its settings are wrong"
    } else {
        "cannot be used for this order"
    };
    let message = format!("{} {why}", info.label);
    Err(InputProblem::new("provider", "provider_not_available", message).into())
}

fn offer(
    tenant: &Tenant,
    order: &Order,
    asked: Money,
    known: &Known,
    phone: Option<&str>,
) -> Vec<Choice> {
    // The tenant's first live provider ends test offers on live orders.
    let has_live = known.took_live
        || known
            .accounts
            .iter()
            .any(|a| !a.account.test_mode && a.account.provider != "manual");
    let country = phone.and_then(country_of);
    let country = country.as_deref().unwrap_or(&tenant.country);
    let mut ranked = Vec::new();
    for (registry, adapter) in REGISTRY.iter().enumerate() {
        let info = adapter.info();
        let mut accounts = known.accounts.iter();
        let Some(plain) = accounts.find(|a| a.account.provider == info.name) else {
            continue;
        };
        let test = plain.account.test_mode;
        let hidden = if order.livemode {
            test && has_live
        } else {
            !test
        };
        let wanted = order.providers.is_empty() || order.providers.iter().any(|p| p == info.name);
        let ready = plain.is_complete(info) && !known.is_stopped(info.name);
        if hidden || !wanted || !ready || check_amount(info, asked).is_err() {
            continue;
        }
        let opened = opened(tenant, plain);
        for method in info.methods {
            let request = StartPayment {
                phone: phone.map(str::to_owned),
                ..probe(tenant, order, asked, method.method)
            };
            if !can(*adapter, &opened, method, &request) {
                continue;
            }
            let near = near(info, method, order.amount.currency, country);
            let share = known.shares.of(info.name, method.method, test);
            let choice = Choice {
                provider: info,
                method: method.method,
                flow: method.flow,
                needs_phone: method.needs_phone,
                needs_email: method.needs_email
                    && order.customer.email.is_none()
                    && tenant.fallback_email.is_empty(),
                test,
                recommended: false,
                fee: fee(tenant, &opened, asked),
                countries: method.countries,
            };
            ranked.push((rank(near, share, registry), choice));
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut choices: Vec<_> = ranked.into_iter().map(|(_, choice)| choice).collect();
    if let Some(first) = choices.first_mut() {
        first.recommended = true;
    }
    choices
}

/// The account with what is no secret, for questions without a call.
fn opened(tenant: &Tenant, plain: &Plain) -> Account {
    Account {
        tenant_id: tenant.id.clone(),
        mode: plain.account.mode(),
        credentials: plain.credentials.clone(),
        options: plain.account.options.clone(),
        fallback_email: Some("probe@example.org".to_owned()),
    }
}

/// Whether a method can succeed. What the customer can still type is no reason against it; a
/// number that is known and does not fit is one.
fn can(
    adapter: &dyn PaymentProvider,
    account: &Account,
    method: &MethodInfo,
    request: &StartPayment,
) -> bool {
    let currency = request.amount.currency.code();
    if !method.currencies.is_empty() && !method.currencies.contains(&currency) {
        return false;
    }
    let known = request.phone.as_deref().filter(|_| method.needs_phone);
    if known.is_some_and(|phone| !reaches(method.countries, phone)) {
        return false;
    }
    match adapter.check(account, request) {
        Ok(()) => true,
        Err(p) if p.field == "phone" => {
            let elsewhere = matches!(p.code, "phone_not_of_country" | "phone_not_of_operator");
            known.is_none() || !elsewhere
        }
        Err(p) => p.field == "customer.email",
    }
}

/// What the tenant says that the provider adds.
fn fee(tenant: &Tenant, account: &Account, amount: Money) -> Option<Added> {
    let option = |name| account.option(name).unwrap_or_default();
    let fee = Fee::parse(option(FEE_PERCENT), option(FEE_FIXED), tenant.currency).ok()?;
    if fee.is_nothing() {
        return None;
    }
    Some(fee.on(amount).map_or(Added::Something, Added::About))
}

/// What a payment of this order by this method would ask for, before anything is typed.
pub(super) fn probe(tenant: &Tenant, order: &Order, asked: Money, method: Method) -> StartPayment {
    StartPayment {
        payment_id: "probe".to_owned(),
        reference: "probe".to_owned(),
        amount: asked,
        method,
        email: order.customer.email.clone(),
        phone: order.customer.phone.clone(),
        name: order.customer.name.clone(),
        language: order
            .locale
            .clone()
            .unwrap_or_else(|| tenant.locale.clone()),
        expires_at: order.expires_at,
        description: order.description.clone(),
        order_reference: order.reference.clone(),
        merchant_name: tenant.name.clone(),
        return_url: String::new(),
        cancel_url: String::new(),
        hook_url: String::new(),
        bill: None,
    }
}
