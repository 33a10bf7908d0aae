//! Reminders to pay: before a part or the whole is due, on the day, and after. A job walks an
//! order's clock; each reminder goes once, and none after the order was paid, cancelled, given
//! back or over.
use super::books::Entry;
use super::orders::OrderError;
use super::parts::zone_of;
use super::{Actor, App, messages};
use crate::domain::Timestamp;
use crate::domain::ids::{OrderId, TenantId};
use crate::domain::job::{JobKind, Outcome};
use crate::domain::order::Order;
use crate::store::{StoreError, Tx, jobs, orders, tenants};
use jiff::Span;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::json;

/// When reminders go, in days from the day on which something is due.
pub const DAYS: [i64; 3] = [-3, 0, 3];

/// The hour of the tenant's day at which they go.
const HOUR: i8 = 9;

/// On the day itself, so long before the end at the latest.
const BEFORE_END_SECS: i64 = 7_200;

/// The moment of a reminder that is some days from the day on which something is due.
fn moment(due_at: Timestamp, days: i64, zone: &TimeZone) -> Option<Timestamp> {
    // What is due at midnight is due on the day that ends then.
    let due = jiff::Timestamp::from_millisecond(due_at.plus_secs(-1).unix_ms()).ok()?;
    let day = due.to_zoned(zone.clone()).date();
    let day = day.checked_add(Span::new().try_days(days).ok()?).ok()?;
    let at = day.to_datetime(Time::constant(HOUR, 0, 0, 0));
    let at = at.to_zoned(zone.clone()).ok()?.timestamp();
    let at = Timestamp::from_unix_ms(at.as_millisecond());
    Some(if days == 0 {
        at.min(due_at.plus_secs(-BEFORE_END_SECS))
    } else {
        at
    })
}

/// All reminders of what is still to pay, in order.
fn moments(order: &Order, zone: &TimeZone) -> Vec<Timestamp> {
    let due: Vec<_> = match order.next_part() {
        Some((at, _)) => order.parts[at..].iter().map(|p| p.due_at).collect(),
        None => vec![order.expires_at],
    };
    let of = |due_at: Timestamp| {
        let days = order.remind_days.iter();
        days.filter_map(move |d| moment(due_at, *d, zone))
    };
    let mut all: Vec<_> = due.into_iter().flat_map(of).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Queues the job of an order's next reminder, where it has one to come.
pub(super) async fn queue(
    app: &App,
    tx: &mut Tx<'_>,
    order: &Order,
    zone: &TimeZone,
) -> Result<(), StoreError> {
    let after = order.reminded_at.max(app.clock.now());
    let next = moments(order, zone).into_iter().find(|at| *at > after);
    let Some(next) = next else { return Ok(()) };
    let (id, kind, subject) = (app.clock.id(), JobKind::RemindOrder, order.id.to_string());
    jobs::queue(tx, id, &order.tenant_id, kind, &subject, next).await
}

/// The job: sends the reminder whose time has come. Whether it still may go is looked at in the
/// transaction that writes it, with the order held. Of several that came due while nothing ran,
/// one goes.
pub async fn run(app: &App, tenant: &TenantId, id: &OrderId) -> Result<Outcome, StoreError> {
    let mut tx = app.db.begin().await?;
    let Some(_) = orders::get(&mut tx, tenant, id).await? else {
        return Ok(Outcome::Done);
    };
    orders::lock(&mut tx, tenant, id).await?;
    let found = orders::get(&mut tx, tenant, id).await?;
    let (order, of) = (found, tenants::by_id(&mut tx, tenant).await?);
    let (Some(order), Some(of)) = (order, of) else {
        return Ok(Outcome::Done);
    };
    let now = app.clock.now();
    if !order.is_reminded(now) {
        return Ok(Outcome::Done);
    }
    let all = moments(&order, &zone_of(&of));
    let due = all.iter().rev().find(|at| **at <= now);
    if let Some(due) = due.filter(|at| **at > order.reminded_at) {
        orders::reminded(&mut tx, &order, *due).await?;
        tell(app, &mut tx, &order, *due).await?;
        tx.commit().await?;
        app.work.notify_one();
    }
    let next = all.into_iter().find(|at| *at > now);
    Ok(next.map_or(Outcome::Done, Outcome::Again))
}

/// Writes the message in the transaction of its reminder; the story says so where one was written.
async fn tell(app: &App, tx: &mut Tx<'_>, order: &Order, due: Timestamp) -> Result<(), StoreError> {
    let key = format!("payment_reminder:{}:{}", order.id, due.unix_ms());
    let Some(message) = messages::payment_reminder(app, tx, order, key).await? else {
        return Ok(());
    };
    let asked = order.asked(false);
    Entry::order(order, "order.reminded", &Actor::System)
        .data(json!({
            "message": message.id, "amount": asked.minor, "currency": asked.currency,
        }))
        .write(app, tx)
        .await
}

/// Switches an order's reminders on or off.
///
/// # Errors
/// [`OrderError::NotFound`]; [`StoreError::Stale`] where somebody else did it first.
pub async fn switch(
    app: &App,
    tenant: &TenantId,
    actor: &Actor,
    id: &OrderId,
    on: bool,
) -> Result<Order, OrderError> {
    let mut tx = app.db.begin().await?;
    let was = orders::get(&mut tx, tenant, id)
        .await?
        .ok_or(OrderError::NotFound)?;
    let of = tenants::by_id(&mut tx, tenant).await?;
    let of = of.ok_or(OrderError::NotFound)?;
    let mut order = was.clone();
    order.remind_days = if on { DAYS.to_vec() } else { vec![] };
    // What was due while they were off is not made up for.
    order.reminded_at = was.reminded_at.max(app.clock.now());
    order.updated_at = app.clock.now();
    orders::save_reminders(&mut tx, &order, &was).await?;
    queue(app, &mut tx, &order, &zone_of(&of)).await?;
    let kind = if on {
        "order.reminders_on"
    } else {
        "order.reminders_off"
    };
    Entry::order(&order, kind, actor)
        .write(app, &mut tx)
        .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let at: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_unix_ms(at.as_millisecond())
    }

    #[test]
    fn reminders_go_in_the_morning_of_their_day() {
        let zone = TimeZone::get("Africa/Nairobi").unwrap();
        let of = |due: &str, days| moment(at(due), days, &zone).unwrap();
        let due = "2026-12-10T15:00:00Z"; // 18:00 in Nairobi
        assert_eq!(of(due, -3), at("2026-12-07T06:00:00Z"));
        assert_eq!(of(due, 0), at("2026-12-10T06:00:00Z"));
        assert_eq!(of(due, 3), at("2026-12-13T06:00:00Z"));
        // Due when the day is over: midnight in Nairobi.
        assert_eq!(of("2026-12-10T21:00:00Z", 0), at("2026-12-10T06:00:00Z"));
        // Due before the morning: a little before its end.
        assert_eq!(of("2026-12-10T04:00:00Z", 0), at("2026-12-10T02:00:00Z"));
    }
}
