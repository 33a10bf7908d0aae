//! The overview: what waits for a person first, then what is wrong, then money.
use crate::domain::figures::per_mille;
use crate::domain::role::Permission;
use crate::domain::{Currency, Money};
use crate::web::admin::parts::chart::{Hour, by_hour, day_table, hours_table, tries, tries_table};
use crate::web::admin::parts::chips::{Light, light};
use crate::web::admin::parts::lists::{cell, row, table};
use crate::web::admin::parts::money::no_amt;
use crate::web::admin::parts::notes::notes;
use crate::web::admin::parts::{Frame, Note, amt_bare, icon, via};
use leptos::prelude::*;

/// A box of work that waits.
pub struct Work {
    pub count: usize,
    pub one: &'static str,
    pub many: &'static str,
    pub small: String,
    pub late: bool,
    pub path: &'static str,
}

/// One currency's money in the time shown.
pub struct Volume {
    pub taken: Money,
    pub payments: usize,
    pub refunded: Money,
}

/// How one provider does.
pub struct Health {
    pub provider: String,
    pub hours: Vec<Hour>,
    pub light: Light,
    pub words: String,
}

/// How long the hooks of one provider took.
pub struct Delays {
    pub provider: String,
    /// By hour: the middle one, and what the slowest of 95 of 100 took beyond it, in tenths of a
    /// second.
    pub hours: Vec<Hour>,
    pub hooks: usize,
    pub middle_ms: i64,
    pub slow_ms: i64,
}

/// How the calls to one provider went.
pub struct Calls {
    pub provider: String,
    /// By hour: answered, and without a proper answer.
    pub hours: Vec<Hour>,
    pub calls: i64,
    pub errors: i64,
    /// Above the tenant's own threshold.
    pub bad: bool,
}

/// What runs by itself: icon, words, when next.
pub struct Quiet {
    pub icon: &'static str,
    pub words: String,
    pub href: Option<String>,
}

/// What the overview shows.
pub struct Overview {
    /// 1, 7 or 30 days.
    pub days: u16,
    pub work: Vec<Work>,
    pub notes: Vec<Note>,
    pub volume: Vec<Volume>,
    /// Money by hour of today in one currency.
    pub by_hour: Option<(Currency, Vec<Money>)>,
    pub health: Vec<Health>,
    /// The hour of the first bar.
    pub first_hour: usize,
    pub delays: Vec<Delays>,
    pub calls: Vec<Calls>,
    pub quiet: Vec<Quiet>,
    /// Only so many of the newest payments were looked at.
    pub cut_at: Option<usize>,
}

pub fn overview(f: &Frame, o: Overview) -> AnyView {
    let sub = format!(
        "{} · {} · live money only",
        f.zone.long_day(f.zone.now),
        f.zone.name()
    );
    let spans = [(1_u16, "Today"), (7, "7 days"), (30, "30 days")]
        .into_iter()
        .map(|(n, words)| {
            let here = (n == o.days).then_some("true");
            let path = if n == 1 {
                "/overview".to_owned()
            } else {
                format!("/overview?days={n}")
            };
            view! { <a href=f.url(&path) aria-current=here>{words}</a> }
        })
        .collect_view();
    let new = f.may(Permission::WorkOrders).then(|| {
        view! { <a class="btn primary" href=f.url("/orders/new")>"New payment link"</a> }
    });
    let work = o.work.iter().map(|w| work(f, w)).collect_view();
    let cut = o.cut_at.map(|n| {
        let words = format!("Counted from the newest {n} payments.");
        view! { <p class="small muted">{words}</p> }
    });
    let volume = volume(f, &o);
    let hours = o
        .by_hour
        .as_ref()
        .map(|(currency, hours)| money_by_hour(*currency, hours));
    let health = health(f, &o);
    let delays = delays(f, &o);
    let calls = calls(f, &o);
    let quiet = quiet(&o.quiet);
    view! {
        <header class="head">
            <div><h1>"Overview"</h1><p class="sub">{sub}</p></div>
            <div class="acts"><nav class="seg" aria-label="Time">{spans}</nav>{new}</div>
        </header>
        <section aria-labelledby="h-work">
            <h2 class="sr" id="h-work">"Waiting for a person"</h2>
            <ul class="work">{work}</ul>
        </section>
        {notes(o.notes)}
        <div class="half">
            <div>{volume}{cut}{hours}{quiet}</div>
            <div>{health}{delays}{calls}</div>
        </div>
    }
    .into_any()
}

fn work(f: &Frame, w: &Work) -> AnyView {
    let class = (w.count == 0).then_some("none");
    let words = if w.count == 1 { w.one } else { w.many };
    let small = if w.late { "late" } else { "" };
    let small =
        (!w.small.is_empty()).then(|| view! { <small class=small>{w.small.clone()}</small> });
    view! { <li class=class><a href=f.url(w.path)><b>{w.count}</b>{words}{small}</a></li> }
        .into_any()
}

fn title(days: u16) -> String {
    match days {
        1 => "Taken today".to_owned(),
        n => format!("Taken in {n} days"),
    }
}

fn volume(f: &Frame, o: &Overview) -> AnyView {
    if o.volume.is_empty() {
        let link = f.may(Permission::WorkOrders).then(|| {
            view! { " "<a href=f.url("/orders/new")>"Make a payment link"</a>"." }
        });
        return view! {
            <section class="sec">
                <header><h2>{title(o.days)}</h2></header>
                <p class="muted">"No live money came in this time."{link}</p>
            </section>
        }
        .into_any();
    }
    let rows = o
        .volume
        .iter()
        .map(|v| {
            let back = if v.refunded.minor > 0 { amt_bare(v.refunded) } else { no_amt() };
            let cells = view! {
                <th role="rowheader" scope="row" class="t1">{v.taken.currency.code()}</th>
                {cell("num t2", view! { <strong>{amt_bare(v.taken)}</strong> })}
                {cell("num b1 dim-phone", view! { {v.payments}" "<span class="only-phone-i">"payments"</span> })}
                {cell("num no-phone", back)}
            };
            row(false, cells.into_any())
        })
        .collect_view();
    let list = table(
        "list calm",
        "Money taken by currency",
        &[
            ("Currency", ""),
            ("Taken", "num"),
            ("Payments", "num plain"),
            ("Refunded", "num"),
        ],
        rows.into_any(),
    );
    view! {
        <section class="sec">
            <header><h2>{title(o.days)}</h2></header>
            {list}
            <p class="small muted under-list">"Currencies are never added together."</p>
        </section>
    }
    .into_any()
}

fn money_by_hour(currency: Currency, hours: &[Money]) -> AnyView {
    let head = format!("{currency} by hour, today");
    let label = format!("{currency} taken by hour today; the table below has the numbers");
    view! {
        <section class="sec">
            <header><h2>{head}</h2></header>
            {by_hour(label, hours)}
            {hours_table(format!("{currency} taken by hour today"), hours)}
        </section>
    }
    .into_any()
}

fn health(f: &Frame, o: &Overview) -> AnyView {
    if o.health.is_empty() {
        return view! {
            <section class="sec">
                <header><h2>"Success by provider"</h2><p>"last 24 hours"</p></header>
                <p class="muted">"No live payment was tried in the last 24 hours."</p>
            </section>
        }
        .into_any();
    }
    let rows = o
        .health
        .iter()
        .map(|h| {
            let (ok, bad) = h
                .hours
                .iter()
                .fold((0_u32, 0_u32), |(a, b), (x, y)| (a + x, b + y));
            let all = ok + bad;
            let rate = (ok * 100)
                .checked_div(all)
                .map_or_else(|| "–".to_owned(), |rate| format!("{rate} %"));
            let label = f.label(&h.provider);
            let words = format!("{label}, tries by hour over 24 hours, {rate} succeeded");
            let cells = view! {
                <th role="rowheader" scope="row" class="t1">{via(f.monogram(&h.provider), label)}</th>
                {cell("num no-phone", all.into_any())}
                {cell("num t2", view! { <strong>{rate}</strong> })}
                {cell("b2", tries(words, &h.hours, h.light == Light::Bad))}
                {cell("b1", light(h.light, h.words.clone()))}
            };
            row(false, cells.into_any())
        })
        .collect_view();
    let list = table(
        "list mid calm",
        "Success by provider",
        &[
            ("Provider", ""),
            ("Tries", "num plain"),
            ("Succeeded", "num plain"),
            ("By hour", ""),
            ("Health", ""),
        ],
        rows.into_any(),
    );
    let heads = heads(o);
    let numbers = o
        .health
        .iter()
        .map(|h| (f.label(&h.provider), h.hours.clone()))
        .collect();
    view! {
        <section class="sec">
            <header><h2>"Success by provider"</h2><p>"last 24 hours"</p></header>
            {list}
            {tries_table("Succeeded of all tries, by hour", &heads, numbers)}
            <p class="small muted">"Light: succeeded. Dark: did not, customers who cancelled among them. Red: a provider that fails. Waiting payments are left out."</p>
        </section>
    }
    .into_any()
}

/// The hours of a day's bars.
fn heads(o: &Overview) -> Vec<String> {
    (0..24)
        .map(|n| format!("{:02}", (o.first_hour + n) % 24))
        .collect()
}

/// `0.8 s`, `38 s`, `4 min 10 s`, `2 h 5 min`.
pub fn took(ms: i64) -> String {
    match ms.max(0) {
        ms @ 0..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        ms @ 10_000..60_000 => format!("{} s", ms / 1_000),
        ms @ 60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        ms => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

fn delays(f: &Frame, o: &Overview) -> AnyView {
    if o.delays.is_empty() {
        let link = f.may(Permission::ManageProviders).then(|| {
            view! { " "<a href=f.url("/providers")>"See where hooks arrive"</a>"." }
        });
        return view! {
            <section class="sec">
                <header><h2>"From start to hook"</h2><p>"last 24 hours"</p></header>
                <p class="muted">"No hook told of a live payment in the last 24 hours. Payments are found by asking all the same."{link}</p>
            </section>
        }
        .into_any();
    }
    let rows = o
        .delays
        .iter()
        .map(|d| {
            let label = f.label(&d.provider);
            let words = format!(
                "{label}, time from start to hook by hour over 24 hours, middle {}, 95 of 100 within {}",
                took(d.middle_ms), took(d.slow_ms)
            );
            let cells = view! {
                <th role="rowheader" scope="row" class="t1">{via(f.monogram(&d.provider), label)}</th>
                {cell("num no-phone", d.hooks.into_any())}
                {cell("num t2 nowrap", view! { <strong>{took(d.middle_ms)}</strong> })}
                {cell("num b1 nowrap", view! { <span class="only-phone-i">"95 of 100 within "</span>{took(d.slow_ms)} })}
                {cell("b2", tries(words, &d.hours, false))}
            };
            row(false, cells.into_any())
        })
        .collect_view();
    let list = table(
        "list mid calm",
        "From start to hook by provider",
        &[
            ("Provider", ""),
            ("Hooks", "num plain"),
            ("Middle", "num plain"),
            ("95 of 100", "num plain"),
            ("By hour", ""),
        ],
        rows.into_any(),
    );
    let hour = |(middle, more): Hour| match middle + more {
        0 => "–".to_owned(),
        slow => format!(
            "{} / {}",
            took(i64::from(middle) * 100),
            took(i64::from(slow) * 100)
        ),
    };
    let numbers = o.delays.iter().map(|d| {
        let hours = d.hours.iter().map(|h| hour(*h)).collect();
        (f.label(&d.provider), hours)
    });
    view! {
        <section class="sec">
            <header><h2>"From start to hook"</h2><p>"last 24 hours"</p></header>
            {list}
            {day_table("Middle and 95 of 100, by hour", &heads(o), numbers.collect())}
            <p class="small muted">"From our start of a payment to the first hook about it: the customer’s own time is in it. Light: half of them. Dark: up to 95 of 100."</p>
        </section>
    }
    .into_any()
}

/// `7.5 %` out of tenths of a percent.
fn percent(some: i64, all: i64) -> String {
    per_mille(some, all).map_or_else(|| "–".to_owned(), |n| format!("{}.{} %", n / 10, n % 10))
}

fn calls(f: &Frame, o: &Overview) -> AnyView {
    let rules = view! { <p><a href=f.url("/alerts")>"Alert rules"</a></p> };
    if o.calls.is_empty() {
        return view! {
            <section class="sec">
                <header><h2>"Calls to providers"</h2>{rules}</header>
                <p class="muted">"No provider was called with live keys in the last 24 hours."</p>
            </section>
        }
        .into_any();
    }
    let rows = o
        .calls
        .iter()
        .map(|c| {
            let (label, rate) = (f.label(&c.provider), percent(c.errors, c.calls));
            let words = format!("{label}, calls by hour over 24 hours, {rate} without a proper answer");
            let (state, said) = match (c.bad, c.errors) {
                (true, _) => (Light::Bad, "Failing"),
                (false, 0) => (Light::Ok, "Healthy"),
                (false, _) => (Light::Ok, "Within bounds"),
            };
            let cells = view! {
                <th role="rowheader" scope="row" class="t1">{via(f.monogram(&c.provider), label)}</th>
                {cell("num no-phone", c.calls.into_any())}
                {cell("num t2 nowrap", view! { <strong>{rate}</strong><span class="only-phone-i">" errors"</span> })}
                {cell("b2", tries(words, &c.hours, c.bad))}
                {cell("b1", light(state, said))}
            };
            row(false, cells.into_any())
        })
        .collect_view();
    let list = table(
        "list mid calm",
        "Calls to providers",
        &[
            ("Provider", ""),
            ("Calls", "num plain"),
            ("Errors", "num plain"),
            ("By hour", ""),
            ("Answers", ""),
        ],
        rows.into_any(),
    );
    let numbers = o
        .calls
        .iter()
        .map(|c| (f.label(&c.provider), c.hours.clone()));
    view! {
        <section class="sec">
            <header><h2>"Calls to providers"</h2>{rules}</header>
            {list}
            {tries_table("Answered of all calls, by hour", &heads(o), numbers.collect())}
            <p class="small muted">"Last 24 hours. Light: answered, refusals among them. Dark: no answer, or one that blames our settings. Red: above your rule."</p>
        </section>
    }
    .into_any()
}

fn quiet(all: &[Quiet]) -> AnyView {
    let items = if all.is_empty() {
        view! { <li>{icon("s-done")}<span>"Everything is settled"</span><span class="w"></span></li> }
            .into_any()
    } else {
        all.iter()
            .map(|q| {
                let words = match q.href.clone() {
                    Some(href) => view! { <a href=href>{q.words.clone()}</a> }.into_any(),
                    None => q.words.clone().into_any(),
                };
                view! { <li>{icon(q.icon)}<span>{words}</span><span class="w"></span></li> }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <section class="sec">
            <header><h2>"Settled without you"</h2><p>"nothing to do"</p></header>
            <ul class="quiet-list">{items}</ul>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_shares_are_short() {
        for (ms, words) in [
            (840, "0.8 s"),
            (38_900, "38 s"),
            (250_000, "4 min 10 s"),
            (7_500_000, "2 h 5 min"),
        ] {
            assert_eq!(took(ms), words);
        }
        assert_eq!(percent(3, 40), "7.5 %");
        assert_eq!(percent(0, 0), "–");
    }
}
