//! What the team is told, in English as the dashboard is: work that waits for those who may do it.
use super::letter::{Letter, one_line};
use super::writing::{About, Draft, to_team};
use crate::domain::endpoint::{DisabledWhy, Endpoint};
use crate::domain::lang::Lang;
use crate::domain::message::MessageKind;
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use crate::domain::role::Permission;
use crate::services::tenants::Tenant;
use crate::services::{App, alerts, format};
use crate::store::{StoreError, Tx, orders, tenants};

/// One alert: what stands in the subject, what happened, and where to go.
struct Alert<'a> {
    kind: MessageKind,
    livemode: bool,
    subject: String,
    body: String,
    facts: Vec<(&'static str, String)>,
    button: (&'static str, String),
    about: About,
    /// What it is about, by id.
    subject_id: String,
    may: Permission,
    except: Option<&'a str>,
}

async fn tell(app: &App, tx: &mut Tx<'_>, tenant: &Tenant, a: Alert<'_>) -> Result<(), StoreError> {
    let (words, path) = a.button;
    let merchant = one_line(&tenant.name);
    let letter = Letter {
        subject: format!("{merchant}: {}", a.subject),
        hello: String::new(),
        body: vec![a.body],
        facts: a.facts,
        button: Some((
            words.to_owned(),
            app.url(&format!("/admin/{}{path}", tenant.slug)),
        )),
        foot: vec![format!(
            "You get this as a member of {merchant}’s team. What is told can be changed under Messages."
        )],
    };
    let draft = Draft {
        kind: a.kind,
        lang: Lang::En,
        livemode: a.livemode,
        letter,
        sms: None,
        about: a.about,
        key: format!("{}:{}", a.kind.as_str(), a.subject_id),
    };
    to_team(app, tx, tenant, a.may, a.except, draft).await
}

/// The order's reference and the provider, as facts.
async fn facts(tx: &mut Tx<'_>, p: &Payment) -> Result<Vec<(&'static str, String)>, StoreError> {
    let order = orders::get(tx, &p.tenant_id, &p.order_id).await?;
    let reference = order.map_or_else(String::new, |o| one_line(&o.reference));
    let label = crate::providers::find(&p.provider)
        .map_or_else(|| p.provider.clone(), |a| a.info().label.to_owned());
    Ok(vec![("Order", reference), ("Provider", label)])
}

fn about(p: &Payment, refund: Option<&Refund>) -> About {
    About {
        order: Some(p.order_id.clone()),
        payment: Some(p.id.clone()),
        refund: refund.map(|r| r.id.clone()),
    }
}

/// Money that does not match waits for a decision (R6).
pub(in crate::services) async fn mismatched(
    app: &App,
    tx: &mut Tx<'_>,
    p: &Payment,
    why: &str,
) -> Result<(), StoreError> {
    let Some(tenant) = tenants::by_id(tx, &p.tenant_id).await? else {
        return Ok(());
    };
    let amount = format::money(Lang::En, p.amount);
    let mut facts = facts(tx, p).await?;
    facts.insert(0, ("Asked for", amount.clone()));
    facts.push(("What differs", one_line(why)));
    let alert = Alert {
        kind: MessageKind::PaymentMismatched,
        livemode: p.livemode && !p.test_mode,
        subject: format!("a payment of {amount} does not match"),
        body: "A provider reports something else than was asked for. The order stays unpaid until \
               somebody decides."
            .to_owned(),
        facts,
        button: ("Look at it and decide", format!("/payments/{}", p.id)),
        about: about(p, None),
        subject_id: p.id.to_string(),
        may: Permission::ApproveRefunds,
        except: None,
    };
    tell(app, tx, &tenant, alert).await
}

/// A refund waits for a second person (R10). The asker may not approve and is not told.
pub(in crate::services) async fn refund_awaiting(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    refund: &Refund,
    p: &Payment,
) -> Result<(), StoreError> {
    let amount = format::money(Lang::En, refund.amount);
    let mut facts = facts(tx, p).await?;
    facts.insert(0, ("To give back", amount.clone()));
    facts.push(("Reason", one_line(&refund.reason)));
    let alert = Alert {
        kind: MessageKind::RefundAwaiting,
        livemode: p.livemode && !p.test_mode,
        subject: format!("a refund of {amount} waits for approval"),
        body: "Somebody asked for a refund above your limit. A second person decides.".to_owned(),
        facts,
        button: ("Decide", format!("/refunds/{}", refund.id)),
        about: about(p, Some(refund)),
        subject_id: refund.id.to_string(),
        may: Permission::ApproveRefunds,
        except: Some(&refund.requested_by),
    };
    tell(app, tx, tenant, alert).await
}

/// More came than was owed; giving it back waits for a person (R8).
pub(in crate::services) async fn surplus(
    app: &App,
    tx: &mut Tx<'_>,
    refund: &Refund,
    p: &Payment,
) -> Result<(), StoreError> {
    let Some(tenant) = tenants::by_id(tx, &p.tenant_id).await? else {
        return Ok(());
    };
    let amount = format::money(Lang::En, refund.amount);
    let mut facts = facts(tx, p).await?;
    facts.insert(0, ("Too much", amount.clone()));
    let alert = Alert {
        kind: MessageKind::RefundSurplus,
        livemode: p.livemode && !p.test_mode,
        subject: format!("{amount} came that was not owed"),
        body: "A customer paid twice, too much, or after the order was cancelled. A refund is \
               prepared and waits for somebody to approve it."
            .to_owned(),
        facts,
        button: ("Decide", format!("/refunds/{}", refund.id)),
        about: about(p, Some(refund)),
        subject_id: refund.id.to_string(),
        may: Permission::ApproveRefunds,
        except: None,
    };
    tell(app, tx, &tenant, alert).await
}

/// An endpoint gets no more events until somebody switches it on. Called once each time.
pub(in crate::services) async fn endpoint_disabled(
    app: &App,
    tx: &mut Tx<'_>,
    endpoint: &Endpoint,
    why: DisabledWhy,
) -> Result<(), StoreError> {
    let Some(tenant) = tenants::by_id(tx, &endpoint.tenant_id).await? else {
        return Ok(());
    };
    let body = match why {
        DisabledWhy::Gone => "It answered 410, that it wants no more events, and was switched off.",
        DisabledWhy::Failing => "It took nothing for five days and was switched off.",
        DisabledWhy::ByHand => return Ok(()),
    };
    let alert = Alert {
        kind: MessageKind::EndpointDisabled,
        livemode: endpoint.livemode,
        subject: "an endpoint gets no more events".to_owned(),
        body: format!("{body} What was not taken is kept and can be sent again."),
        facts: vec![("Endpoint", one_line(endpoint.host()))],
        button: ("Look at it", format!("/endpoints/{}", endpoint.id)),
        about: About::default(),
        subject_id: format!("{}:{}", endpoint.id, app.clock.now().unix_ms()),
        may: Permission::ManageHooks,
        except: None,
    };
    tell(app, tx, &tenant, alert).await
}

/// A rule of the tenant's own is broken: failing payments, silent hooks, a provider or the database
/// in trouble. Called once each time it opens.
pub(in crate::services) async fn rule_broken(
    app: &App,
    tx: &mut Tx<'_>,
    alert: &alerts::Alert,
    rules: &alerts::AlertRules,
) -> Result<(), StoreError> {
    let Some(tenant) = tenants::by_id(tx, &alert.tenant_id).await? else {
        return Ok(());
    };
    let label = crate::providers::find(&alert.provider)
        .map_or_else(|| alert.provider.clone(), |a| a.info().label.to_owned());
    let alert = Alert {
        kind: MessageKind::RuleBroken,
        livemode: true,
        subject: alerts::headline(alert.kind, &label),
        body: format!(
            "{} {}",
            alerts::sentence(alert, &label, rules),
            alerts::advice(alert.kind)
        ),
        facts: vec![],
        button: ("See what is open", "/alerts".to_owned()),
        about: About::default(),
        subject_id: alert.id.to_string(),
        may: Permission::ManageProviders,
        except: None,
    };
    tell(app, tx, &tenant, alert).await
}
