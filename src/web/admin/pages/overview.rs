//! The overview's numbers: from the tallies of live money, and from the newest payments for the
//! hours of a day.
use super::payments::count;
use crate::domain::figures::{is_above, nearest_rank};
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::proof::Proof;
use crate::domain::refund::RefundStatus;
use crate::domain::role::Permission;
use crate::domain::{Currency, Money, Timestamp};
use crate::services::alerts::{self, Alert, AlertKind};
use crate::services::payments::{PaymentFilter, Tally};
use crate::services::reports::{self, HookDelay};
use crate::services::{App, Cursor, payments, proofs, provider_health, refunds};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::chart::Hour;
use crate::web::admin::parts::chips::Light;
use crate::web::admin::parts::frame::{Frame, Nav, Page};
use crate::web::admin::parts::{Note, waited};
use crate::web::admin::views::overview as view;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Payments looked at for the hours; enough for a day of most shops.
const LOOKED_AT: usize = 1_000;
const DAY_SECS: i64 = 86_400;
/// Fewer tries than this say nothing about a provider.
const ENOUGH_TRIES: u32 = 5;

#[derive(Deserialize)]
pub struct Days {
    days: Option<u16>,
}

pub async fn show(
    who: Who,
    State(app): State<App>,
    Query(q): Query<Days>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ViewMoney)?;
    let f = me.frame().await?;
    let days = match q.days {
        Some(7) => 7,
        Some(30) => 30,
        _ => 1,
    };
    let tenant = &me.member.tenant.id;
    let since = f.zone.day_start(i64::from(days) - 1);
    let tallies = payments::tallies(&app, tenant, since, false).await?;
    let (newest, cut) = newest(&me, f.zone.now.plus_secs(-DAY_SECS)).await?;
    let today = f.zone.day_start(0);
    let refunded = refunded(&me, since).await?;
    let health = health(&f, &newest);
    let (mut notes, open) = super::alerts::notes(&me, &f).await?;
    notes.extend(stopped(&me, &f).await?);
    notes.extend(super::endpoints::switched_off(&me, &f).await?);
    notes.extend(failing(&f, &health, &open));
    notes.extend(in_test(&f));
    if tallies.is_empty() && me.member.role.may(Permission::ManageProviders) {
        let done = super::team::done(&me).await?;
        if !done.all() {
            let text = "Five steps to the first real payment; the first needs no provider.";
            notes.insert(
                0,
                Note::plain("First steps.", text).go(f.url("/start"), "See the steps"),
            );
        }
    }
    let volume = volume(&tallies, &refunded);
    let by_hour = volume
        .first()
        .map(|v| v.taken.currency)
        .filter(|_| days == 1)
        .map(|c| (c, hours_of_today(&f, &newest, c, today)));
    let main = view::overview(
        &f,
        view::Overview {
            days,
            work: work(&me, &f).await?,
            notes,
            volume,
            by_hour,
            health,
            delays: delays(&me, &f).await?,
            calls: calls(&me, &f).await?,
            first_hour: (f.zone.hour(f.zone.now) + 1) % 24,
            quiet: quiet(&me, &f).await?,
            cut_at: cut.then_some(LOOKED_AT),
        },
    );
    let mut told = me.told("");
    Ok(me.page(&f, Page::new(Nav::Overview, "Overview"), &mut told, main))
}

/// Live payments since a time, newest first; whether there were more than are looked at.
async fn newest(me: &Me, since: Timestamp) -> Result<(Vec<Payment>, bool), Refusal> {
    let filter = PaymentFilter {
        livemode: Some(true),
        ..PaymentFilter::default()
    };
    let mut out = Vec::new();
    let mut from = Cursor::Newest;
    loop {
        let page = payments::list(&me.app, &me.member.tenant.id, &filter, &from, 200).await?;
        let old = page.rows.iter().any(|p| p.created_at < since);
        out.extend(
            page.rows
                .into_iter()
                .filter(|p| p.created_at >= since && !p.test_mode),
        );
        match page.older {
            Some(_) if out.len() >= LOOKED_AT => return Ok((out, true)),
            Some(id) if !old => from = Cursor::After(id),
            _ => return Ok((out, false)),
        }
    }
}

/// What went back since a time, by currency.
async fn refunded(me: &Me, since: Timestamp) -> Result<BTreeMap<&'static str, i64>, Refusal> {
    let done = Some(RefundStatus::Succeeded);
    let tenant = &me.member.tenant.id;
    let page = refunds::list(&me.app, tenant, done, &Cursor::Newest, 200).await?;
    let mut sums = BTreeMap::new();
    for r in page.rows.iter().filter(|r| r.updated_at >= since) {
        let payment = payments::get(&me.app, tenant, &r.payment_id).await?;
        if payment.is_some_and(|p| p.livemode && !p.test_mode) {
            let sum: &mut i64 = sums.entry(r.amount.currency.code()).or_default();
            *sum = sum.saturating_add(r.amount.minor);
        }
    }
    Ok(sums)
}

fn volume(tallies: &[Tally], refunded: &BTreeMap<&'static str, i64>) -> Vec<view::Volume> {
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for t in tallies
        .iter()
        .filter(|t| t.status == PaymentStatus::Succeeded)
    {
        let sum = sums.entry(t.currency.as_str()).or_default();
        sum.0 = sum.0.saturating_add(t.captured_minor);
        sum.1 += t.payments;
    }
    let mut all: Vec<view::Volume> = sums
        .into_iter()
        .filter_map(|(code, (minor, n))| {
            let currency = Currency::parse(code)?;
            let back = refunded.get(currency.code()).copied().unwrap_or(0);
            Some(view::Volume {
                taken: Money::new(minor, currency),
                payments: usize::try_from(n).unwrap_or(0),
                refunded: Money::new(back, currency),
            })
        })
        .collect();
    all.sort_by_key(|v| std::cmp::Reverse(v.payments));
    all
}

fn hours_of_today(
    f: &Frame,
    newest: &[Payment],
    currency: Currency,
    today: Timestamp,
) -> Vec<Money> {
    let mut hours = vec![Money::zero(currency); 24];
    for p in newest {
        let counts = p.status == PaymentStatus::Succeeded
            && p.amount.currency == currency
            && p.created_at >= today;
        if counts && let Some(hour) = hours.get_mut(f.zone.hour(p.created_at)) {
            hour.minor = hour.minor.saturating_add(p.captured_minor);
        }
    }
    hours
}

/// The bar of a moment: the last one is the hour until now.
fn bar(f: &Frame, at: Timestamp) -> usize {
    let ago = f.zone.now.secs_since(at) / 3_600;
    usize::try_from(23 - ago.clamp(0, 23)).unwrap_or(0)
}

/// From start to hook, by provider.
async fn delays(me: &Me, f: &Frame) -> Result<Vec<view::Delays>, Refusal> {
    let since = f.zone.now.plus_secs(-DAY_SECS);
    let all = reports::hook_delays(&me.app, &me.member.tenant.id, since).await?;
    let mut by: BTreeMap<String, Vec<HookDelay>> = BTreeMap::new();
    for delay in all {
        by.entry(delay.provider.clone()).or_default().push(delay);
    }
    Ok(by
        .into_iter()
        .map(|(provider, all)| {
            let mut hours: Vec<Vec<i64>> = vec![vec![]; 24];
            for delay in &all {
                hours[bar(f, delay.came_at)].push(delay.took_ms);
            }
            let mut took: Vec<i64> = all.iter().map(|d| d.took_ms).collect();
            view::Delays {
                provider,
                hours: hours.iter_mut().map(|took| middle_and_more(took)).collect(),
                hooks: all.len(),
                middle_ms: nearest_rank(&mut took, 50).unwrap_or(0),
                slow_ms: nearest_rank(&mut took, 95).unwrap_or(0),
            }
        })
        .collect())
}

/// The middle of an hour's times and what 95 of 100 took beyond it, in tenths of a second.
fn middle_and_more(took_ms: &mut [i64]) -> Hour {
    let middle = nearest_rank(took_ms, 50).unwrap_or(0);
    let slow = nearest_rank(took_ms, 95).unwrap_or(0);
    let tenths = |ms: i64| u32::try_from(ms / 100).unwrap_or(0);
    (tenths(middle), tenths(slow - middle))
}

/// Calls and their errors, by provider.
async fn calls(me: &Me, f: &Frame) -> Result<Vec<view::Calls>, Refusal> {
    let tenant = &me.member.tenant.id;
    let since = f.zone.now.plus_secs(-DAY_SECS);
    let slots = reports::calls(&me.app, tenant, since).await?;
    let rules = alerts::rules(&me.app, tenant).await?;
    let mut by: BTreeMap<String, view::Calls> = BTreeMap::new();
    for slot in slots {
        let sum = by
            .entry(slot.provider.clone())
            .or_insert_with(|| view::Calls {
                provider: slot.provider.clone(),
                hours: vec![(0, 0); 24],
                calls: 0,
                errors: 0,
                bad: false,
            });
        let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        let hour = &mut sum.hours[bar(f, slot.slot_at)];
        hour.0 = hour.0.saturating_add(count(slot.calls - slot.errors));
        hour.1 = hour.1.saturating_add(count(slot.errors));
        sum.calls += slot.calls;
        sum.errors += slot.errors;
    }
    let mut all: Vec<_> = by.into_values().collect();
    for c in &mut all {
        c.bad = rules.error_percent > 0
            && c.calls >= rules.least_calls
            && is_above(c.errors, c.calls, rules.error_percent);
    }
    Ok(all)
}

/// Ended tries of 24 hours by provider. Waiting ones say nothing yet.
fn health(f: &Frame, newest: &[Payment]) -> Vec<view::Health> {
    let mut by: BTreeMap<&str, Vec<Hour>> = BTreeMap::new();
    for p in newest.iter().filter(|p| p.status.is_final()) {
        let place = bar(f, p.created_at);
        let hours = by
            .entry(p.provider.as_str())
            .or_insert_with(|| vec![(0, 0); 24]);
        if p.status == PaymentStatus::Succeeded {
            hours[place].0 += 1;
        } else {
            hours[place].1 += 1;
        }
    }
    by.into_iter()
        .map(|(provider, hours)| {
            let (light, words) = judge(&hours);
            view::Health {
                provider: provider.to_owned(),
                hours,
                light,
                words: words.to_owned(),
            }
        })
        .collect()
}

/// A provider fails where fewer than half of enough tries of the last two hours succeeded.
fn judge(hours: &[Hour]) -> (Light, &'static str) {
    let sum = |hours: &[Hour]| {
        hours
            .iter()
            .fold((0_u32, 0_u32), |(a, b), (ok, bad)| (a + ok, b + bad))
    };
    let (ok, bad) = sum(&hours[hours.len().saturating_sub(2)..]);
    if ok + bad >= ENOUGH_TRIES && ok * 2 < ok + bad {
        return (Light::Bad, "Failing");
    }
    let (ok, bad) = sum(hours);
    if ok + bad < ENOUGH_TRIES {
        (Light::Off, "Few tries")
    } else if ok * 4 < (ok + bad) * 3 {
        (Light::Warn, "Weak")
    } else {
        (Light::Ok, "Healthy")
    }
}

/// Accounts that are not offered, because they refuse every payment.
async fn stopped(me: &Me, f: &Frame) -> Result<Vec<Note>, Refusal> {
    let all = provider_health::stopped_of(&me.app, &me.member.tenant.id).await?;
    let note = |s: &provider_health::Stopped| {
        let text = "It refused its last payments, because its settings are wrong.";
        let head = format!("{} is not offered to customers.", f.label(&s.provider));
        let note = Note::bad(head, text);
        if f.may(Permission::ManageProviders) {
            note.go(f.url(&format!("/providers/{}", s.provider)), "See why")
        } else {
            note
        }
    };
    Ok(all.iter().map(note).collect())
}

/// What fails right now; an open alert says it already.
fn failing(f: &Frame, health: &[view::Health], open: &[Alert]) -> Vec<Note> {
    let told = |provider: &str| {
        open.iter()
            .any(|a| a.kind == AlertKind::FailureRate && a.provider == provider)
    };
    health
        .iter()
        .filter(|h| h.light == Light::Bad && !told(&h.provider))
        .map(|h| {
            let (ok, bad) = h.hours[22..]
                .iter()
                .fold((0, 0), |(a, b), (ok, bad)| (a + ok, b + bad));
            let text = format!(
                "{ok} of {} tries succeeded in the last two hours.",
                ok + bad
            );
            let href = f.url(&format!("/payments?provider={}&status=failed", h.provider));
            Note::bad(
                format!("{} fails more than usual:", f.label(&h.provider)),
                text,
            )
            .go(href, format!("See the {bad} tries"))
        })
        .collect()
}

fn in_test(f: &Frame) -> Option<Note> {
    let head = match f.in_test {
        0 => return None,
        1 => "One provider is in test mode.".to_owned(),
        n => format!("{n} providers are in test mode."),
    };
    let note = Note::test(head, "Test payments are counted nowhere on this page.");
    Some(if f.may(Permission::ManageProviders) {
        note.go(f.url("/providers"), "Providers")
    } else {
        note
    })
}

/// What waits for a person.
async fn work(me: &Me, f: &Frame) -> Result<Vec<view::Work>, Refusal> {
    let tenant = &me.member.tenant.id;
    let mut all = Vec::new();
    if f.may(Permission::DecideProofs) {
        let queue: Vec<Proof> = proofs::queue(&me.app, tenant, super::COUNTED).await?;
        let oldest = queue.first().map(|p| f.zone.now.secs_since(p.created_at));
        all.push(view::Work {
            count: queue.len(),
            one: "proof to decide",
            many: "proofs to decide",
            small: oldest.map_or_else(String::new, |s| {
                format!("oldest waits {}, target 30 min", waited(s))
            }),
            late: oldest.is_some_and(|s| s > 1_800),
            path: "/proofs",
        });
    }
    let asked = Some(RefundStatus::AwaitingApproval);
    let page = refunds::list(&me.app, tenant, asked, &Cursor::Newest, super::COUNTED).await?;
    let oldest = page
        .rows
        .last()
        .map(|r| f.zone.now.secs_since(r.created_at));
    all.push(view::Work {
        count: page.rows.len(),
        one: "refund to approve",
        many: "refunds to approve",
        small: oldest.map_or_else(String::new, |s| format!("oldest {}", waited(s))),
        late: false,
        path: "/refunds",
    });
    all.push(view::Work {
        count: count(me, PaymentStatus::Mismatched).await?,
        one: "mismatched payment",
        many: "mismatched payments",
        small: String::new(),
        late: false,
        path: "/payments?status=mismatched",
    });
    if f.may(Permission::ManageHooks) {
        all.push(view::Work {
            count: f.waiting.hooks,
            one: "hook that failed",
            many: "hooks that failed",
            small: String::new(),
            late: false,
            path: "/hooks?status=failed",
        });
    }
    Ok(all)
}

/// What settles by itself.
async fn quiet(me: &Me, f: &Frame) -> Result<Vec<view::Quiet>, Refusal> {
    let mut all = Vec::new();
    let unknown = count(me, PaymentStatus::Unknown).await?;
    let plural = |n: usize, one: &str, many: &str| {
        if n == 1 {
            format!("1 {one}")
        } else {
            format!("{n} {many}")
        }
    };
    if unknown > 0 {
        all.push(view::Quiet {
            icon: "s-unk",
            words: format!(
                "{} asked about",
                plural(unknown, "unknown payment is", "unknown payments are")
            ),
            href: Some(f.url("/payments?status=unknown")),
        });
    }
    let waits = count(me, PaymentStatus::RequiresAction).await?
        + count(me, PaymentStatus::Pending).await?
        + count(me, PaymentStatus::Processing).await?;
    if waits > 0 {
        all.push(view::Quiet {
            icon: "s-wait",
            words: format!(
                "{} for the customer or the provider",
                plural(waits, "payment waits", "payments wait")
            ),
            href: Some(f.url("/payments?status=requires_action")),
        });
    }
    let tenant = &me.member.tenant.id;
    let mut going = 0;
    for status in [
        RefundStatus::Approved,
        RefundStatus::Sending,
        RefundStatus::Unknown,
    ] {
        let page = refunds::list(
            &me.app,
            tenant,
            Some(status),
            &Cursor::Newest,
            super::COUNTED,
        )
        .await?;
        going += page.rows.len();
    }
    if going > 0 {
        all.push(view::Quiet {
            icon: "s-run",
            words: format!("{} on the way", plural(going, "refund is", "refunds are")),
            href: Some(f.url("/refunds")),
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_fails_only_after_enough_tries() {
        let mut hours = vec![(0, 0); 24];
        assert_eq!(judge(&hours).0, Light::Off);
        hours[23] = (1, 3);
        assert_eq!(judge(&hours).0, Light::Off);
        hours[22] = (0, 1);
        assert_eq!(judge(&hours).0, Light::Bad);
        hours[23] = (9, 1);
        assert_eq!(judge(&hours).0, Light::Ok);
    }
}
