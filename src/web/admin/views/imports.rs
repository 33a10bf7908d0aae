//! Files of requests: the upload, what was found in a file, and what became of it.
use crate::domain::import::{Import, ImportRow, ImportStatus};
use crate::services::imports::{COLUMNS, MOST_ROWS, Progress};
use crate::web::admin::parts::chips::{Light, light, mode_tag, test_tag};
use crate::web::admin::parts::form::{Opt, opt};
use crate::web::admin::parts::lists::{cell, row, table};
use crate::web::admin::parts::shell::{code, crumbs, facts, head, panel};
use crate::web::admin::parts::{Frame, Note, Post, Typed, icon, note};
use leptos::prelude::*;

/// `990 links`, `1 link`.
fn many(n: i64, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

fn state(of: ImportStatus) -> AnyView {
    match of {
        ImportStatus::Checked => light(Light::Warn, "Checked, nothing made"),
        ImportStatus::Making => light(Light::Warn, "Being made"),
        ImportStatus::Made => light(Light::Ok, "Made"),
    }
}

/// What the page of the upload shows.
pub struct New {
    pub typed: Typed,
    pub last: Vec<Import>,
}

pub fn new(f: &Frame, n: New) -> AnyView {
    let t = &n.typed;
    let problem = t.problem("file").map(str::to_owned);
    let invalid = problem.is_some().then_some("true");
    let told_by = if problem.is_some() {
        "e-file h-file"
    } else {
        "h-file"
    };
    let error = problem.map(|text| {
        view! { <p class="err-text" id="e-file">{icon("alert")}<span>{text}</span></p> }
    });
    let help = format!("A CSV of up to 1 MB and {MOST_ROWS} rows, as a table program saves it.");
    let form = view! {
        <form class="form" method="post" action="/do/admin/imports/upload"
            enctype="multipart/form-data">
            <input type="hidden" name="tenant" value=f.slug.clone() />
            <fieldset class="f">
                <legend class="sr">"Test"</legend>
                {opt(Opt {
                    kind: "checkbox",
                    name: "test",
                    value: "1".to_owned(),
                    on: t.is("test", "1", false),
                    words: "Make them test orders".into_any(),
                    small: "No real money can settle them, and they stay test orders for good.".to_owned(),
                })}
            </fieldset>
            <div class="f">
                <label for="f-file">"File"</label>
                {error}
                <input id="f-file" name="file" type="file" accept=".csv,text/csv" required=true
                    aria-invalid=invalid aria-describedby=told_by />
                <p class="help" id="h-file">{help}</p>
            </div>
            <div class="acts">
                <button class="btn primary">"Look at the file"</button>
                <a class="btn quiet" href=f.url("/orders")>"Back to the orders"</a>
            </div>
        </form>
    };
    view! {
        {crumbs(f.url("/orders"), "Orders", "Requests from a file".into_any())}
        {head("Requests from a file", "One row, one payment link. Nothing is made until you have seen what was found.", None)}
        {t.summary("The file was not taken")}
        <div class="two form2">
            <div>{form}{last(f, &n.last)}</div>
            <aside>{panel("The first line", None, columns())}</aside>
        </div>
    }
    .into_any()
}

fn columns() -> AnyView {
    let says = |name: &str| match name {
        "reference" => "Needed. Your own number for it; each once in a file.",
        "amount" => "Needed. As people write it: 1,500 or 1500.50.",
        "currency" => "Your own currency where it is empty.",
        "description" => "The customer sees it.",
        "customer_name" => "Who owes.",
        "customer_email" => "Filled in where a provider asks for one.",
        "customer_phone" => "Filled in for the prompt on the phone.",
        "remind" => "yes or no: by e-mail or SMS until it is paid.",
        "expires_in_days" => "1 to 90; a day where it is empty.",
        _ => "order, booking, invoice, subscription or deposit.",
    };
    let rows = COLUMNS
        .into_iter()
        .map(|name| view! { <dt>{code(name)}</dt><dd>{says(name)}</dd> })
        .collect_view();
    view! {
        <div class="stack">
            <p>"It names the columns, in any order."</p>
            <dl class="facts">{rows}</dl>
        </div>
    }
    .into_any()
}

fn last(f: &Frame, all: &[Import]) -> Option<AnyView> {
    if all.is_empty() {
        return None;
    }
    let rows = all
        .iter()
        .map(|i| {
            let href = f.url(&format!("/orders/import/{}", i.id));
            let test = (!i.livemode).then(test_tag);
            let found = format!("{}, {} refused", many(i.good, "link"), i.bad);
            let cells = view! {
                {cell("t1", view! { <a class="row" href=href>{i.file_name.clone()}</a> })}
                {cell("b1", view! { <span class="sts">{state(i.status)}{test}</span> })}
                {cell("b2", found)}
                {cell("dim t2", f.zone.short_tag(i.created_at))}
            };
            row(!i.livemode, cells.into_any())
        })
        .collect_view();
    let columns = [("File", ""), ("State", ""), ("Found", ""), ("Sent", "")];
    let list = table("list", "Last files", &columns, rows.into_any());
    Some(
        view! { <section class="sec"><header><h2>"Last files"</h2></header>{list}</section> }
            .into_any(),
    )
}

/// What the page of one file shows.
pub struct Detail {
    pub of: Progress,
    /// The first of them.
    pub bad: Vec<ImportRow>,
    pub typed: Typed,
}

pub fn detail(f: &Frame, d: &Detail) -> AnyView {
    let (of, i) = (&d.of, &d.of.import);
    let test = (!i.livemode).then(test_tag);
    let id = i.id.to_string();
    let told = match i.status {
        ImportStatus::Checked => checked(f, d),
        ImportStatus::Making => {
            let words = format!("{} of {} made.", many(of.made, "link"), of.made + of.ready);
            let more = "The page looks again by itself. You can close it: the work goes on.";
            note(Note::plain(words, more))
        }
        ImportStatus::Made => {
            let more = "Each link stands in the download, beside its row.";
            note(Note::ok(format!("{} made.", many(of.made, "link")), more))
        }
    };
    let download = (i.status != ImportStatus::Checked || of.bad > 0).then(|| {
        let href = f.url(&format!("/orders/import/{id}/links.csv"));
        let words = match i.status {
            ImportStatus::Checked => "Download the rows with their problems",
            ImportStatus::Making | ImportStatus::Made => "Download the links",
        };
        let class = if i.status == ImportStatus::Made {
            "btn primary"
        } else {
            "btn"
        };
        view! { <div class="acts"><a class=class href=href>{words}</a></div> }
    });
    let sum = view! {
        <dl class="sum">
            <div><dt>"Ready"</dt><dd>{of.ready}</dd></div>
            <div><dt>"Refused"</dt><dd>{of.bad}</dd></div>
            <div class="tot"><dt>"Links made"</dt><dd>{of.made}</dd></div>
        </dl>
    };
    let pairs = facts(vec![
        ("Sent", Some(f.zone.near_tag(i.created_at))),
        ("Sent by", Some(f.who(&i.created_by).into_any())),
        ("Id", Some(code(id))),
    ]);
    let title = if i.file_name.is_empty() {
        "A file".to_owned()
    } else {
        i.file_name.clone()
    };
    view! {
        {crumbs(f.url("/orders/import"), "Requests from a file", title.clone().into_any())}
        <header class="head">
            <div><h1>{title}</h1><p class="sts">{state(i.status)}{test}</p></div>
            {download}
        </header>
        {d.typed.summary("Nothing was made")}
        <div class="two">
            <div><div class="notes">{told}</div>{problems(d)}</div>
            <aside>
                {panel("Rows", None, sum.into_any())}
                {panel("Facts", Some(mode_tag(!i.livemode)), pairs)}
            </aside>
        </div>
    }
    .into_any()
}

/// What was found, and the button that makes the good rows.
fn checked(f: &Frame, d: &Detail) -> AnyView {
    let (of, i) = (&d.of, &d.of.import);
    if of.ready == 0 {
        let text = "Mend the rows below in your table, save it, and send the file again.";
        return note(Note::bad("No row can be made.", text));
    }
    let found = if of.bad == 0 {
        note(Note::ok("Every row is fine.", "Nothing is made yet."))
    } else {
        let head = format!("{} refused, {} fine.", many(of.bad, "row"), of.ready);
        let text = "You can make the fine ones now and send the others in a file of their own, or mend the file and send it again. Nothing is made yet.";
        note(Note::warn(head, text))
    };
    let twin = of.twin.as_ref().map(|twin| {
        let href = f.url(&format!("/orders/import/{}", twin.id));
        let head = "The same file was used already.";
        let text = format!(
            "It came {} and made {}. Making it again asks each customer twice.",
            f.zone.near(twin.created_at),
            many(twin.good, "link"),
        );
        note(Note::warn(head, text).go(href, "Look at it"))
    });
    let again = of.twin.is_some().then(|| {
        let error = d.typed.problem("again").map(str::to_owned).map(|text| {
            view! { <p class="err-text">{icon("alert")}<span>{text}</span></p> }
        });
        view! {
            <fieldset class="f" id="f-again">
                <legend class="sr">"The same file"</legend>
                {error}
                {opt(Opt {
                    kind: "checkbox",
                    name: "again",
                    value: "1".to_owned(),
                    on: false,
                    words: "Ask for the same money again".into_any(),
                    small: "Each row gets a second order beside the first.".to_owned(),
                })}
            </fieldset>
        }
    });
    let button = format!("Make {}", many(of.ready, "link"));
    let form = Post::to("/do/admin/imports/make", f)
        .class("stack")
        .with("import", i.id.to_string())
        .view(view! {
            {again}
            <div class="acts"><button class="btn primary">{button}</button></div>
        });
    view! { {found}{twin}{form} }.into_any()
}

fn problems(d: &Detail) -> Option<AnyView> {
    if d.bad.is_empty() {
        return None;
    }
    let rows = d
        .bad
        .iter()
        .flat_map(|r| r.problems.iter().map(move |p| (r, p)))
        .map(|(r, p)| {
            let reference = r.asked.get("reference").cloned().unwrap_or_default();
            let cells = view! {
                {cell("num plain", r.line)}
                {cell("b1", reference)}
                {cell("b2", (!p.column.is_empty()).then(|| code(p.column.clone())))}
                {cell("t1", p.message.clone())}
            };
            row(false, cells.into_any())
        })
        .collect_view();
    let columns = [
        ("Line", "num plain"),
        ("Reference", ""),
        ("Column", ""),
        ("What is wrong", ""),
    ];
    let list = table("list", "Rows that were refused", &columns, rows.into_any());
    let shown = i64::try_from(d.bad.len()).unwrap_or(i64::MAX);
    let rest = (d.of.bad > shown).then(|| {
        let words = format!(
            "The first {shown} of {}. The download has them all.",
            d.of.bad
        );
        view! { <p class="muted">{words}</p> }
    });
    Some(
        view! {
            <section class="sec">
                <header><h2>"Rows that were refused"</h2></header>
                {list}{rest}
            </section>
        }
        .into_any(),
    )
}
