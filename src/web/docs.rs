//! `/docs`: the API's reference, from the same descriptions as its OpenAPI document. One page, no
//! script, nothing asked of anybody else.
use super::api::describe::{Field, Gives, Kind, Operation, Resource, Takes};
use super::api::{codes, openapi, resources};
use super::render::{self, Document};
use crate::services::App;
use axum::Router;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use leptos::prelude::*;
use serde_json::Value;
use std::fmt::Write;

pub fn router() -> Router<App> {
    Router::new().route("/docs", get(show))
}

async fn show(State(app): State<App>) -> Response {
    let mut doc = Document::new("en", "ltr", "Malipo API");
    doc.sheets = vec!["/pkg/malipo.css".to_owned()];
    render::page(doc, || page(&app.settings.public_url))
}

fn page(base: &str) -> AnyView {
    let links = resources().iter().map(contents).collect_view();
    let sections = resources().iter().map(section).collect_view();
    let first = format!(
        "BASE={base}\nKEY=mk_test_…   # from the dashboard, or: malipo api-key create\n\n\
         curl \"$BASE/api/v1/orders\" -H \"Authorization: Bearer $KEY\""
    );
    view! {
        <a class="skip" href="#main">"Skip to content"</a>
        <div class="docs">
            <header class="docs-side">
                <p class="brand"><a href="#main">"Malipo API v1"</a></p>
                <nav aria-label="Contents">
                    <ul>
                        <li><a href="#rules">"Rules"</a></li>
                        {links}
                        <li><a href="#errors">"Errors"</a></li>
                    </ul>
                </nav>
            </header>
            <main id="main">
                <header class="head">
                    <div>
                        <h1>"API v1"</h1>
                        <p class="sub">"The same as a document for programs: "
                            <a href=openapi::PATH>"openapi.json"</a>" (OpenAPI 3.1)"</p>
                    </div>
                </header>
                <section id="rules">
                    <h2>"Rules for every call"</h2>
                    {rules()}
                    <pre class="raw" tabindex="0">{first}</pre>
                </section>
                {sections}
                {errors()}
            </main>
        </div>
    }
    .into_any()
}

fn contents(r: &'static Resource) -> AnyView {
    let links = r.operations.iter().map(|o| {
        view! { <li><a href=format!("#{}", o.id)>{o.title}</a></li> }
    });
    view! {
        <li>
            <a href=format!("#{}", anchor(r))>{r.title}</a>
            <ul>{links.collect_view()}</ul>
        </li>
    }
    .into_any()
}

fn anchor(r: &Resource) -> String {
    r.title.to_lowercase()
}

fn rules() -> AnyView {
    view! {
        <ul class="dots">
            <li>"A call carries its key as "<code>"Authorization: Bearer mk_test_…"</code>" or "
                <code>"mk_live_…"</code>". A test key sees and makes test objects alone, a live key live \
                ones; what belongs to another tenant or the other mode is 404."</li>
            <li>"Amounts are integers in minor units: 150000 is KES 1,500.00. Times are RFC 3339 in UTC."</li>
            <li>"A field that is not known is refused, and null counts as left out."</li>
            <li>"Every POST, PATCH and DELETE takes an "<code>"Idempotency-Key"</code>": the same key and body get the same \
                answer for 24 hours, with "<code>"Idempotency-Replayed: true"</code>"."</li>
            <li>"Lists answer "<code>"{ \"data\": […], \"next_cursor\": … }"</code>"; next_cursor goes into \
                cursor for the next page and is null on the last one."</li>
            <li>"Every answer carries an "<code>"X-Request-Id"</code>", by which the request log of the \
                dashboard finds it."</li>
        </ul>
    }
    .into_any()
}

fn section(r: &'static Resource) -> AnyView {
    let objects = r.objects.iter().map(|o| {
        let members = rows(&o.members, "", false);
        let example = serde_json::to_string_pretty(&o.example).unwrap_or_default();
        view! {
            <details class="more">
                <summary>{format!("The {} object", o.name)}</summary>
                {table("Member", members)}
                <pre class="raw" tabindex="0">{example}</pre>
            </details>
        }
    });
    let operations = r.operations.iter().map(operation);
    view! {
        <section id=anchor(r) class="docs-part">
            <h2>{r.title}</h2>
            <p>{r.about}</p>
            {objects.collect_view()}
            {operations.collect_view()}
        </section>
    }
    .into_any()
}

fn operation(o: &'static Operation) -> AnyView {
    let method = o.method.to_string();
    let scope = (o.scope != "read").then(|| {
        view! { <p class="muted small">"Needs the scope "<code>{o.scope}</code></p> }
    });
    let about = (!o.about.is_empty()).then(|| view! { <p>{o.about}</p> });
    let query = (!o.query.is_empty()).then(|| table("Parameter", rows(&o.query, "", false)));
    let fields = (!o.fields().is_empty()).then(|| table("Field", rows(o.fields(), "", true)));
    let codes = openapi::problems(o).into_iter().map(|(status, codes)| {
        let each = codes.iter().map(|c| {
            view! { <li><a href=format!("#e-{}", c.code)><code>{c.code}</code></a></li> }
        });
        view! { <dt>{status}</dt><dd><ul class="codes">{each.collect_view()}</ul></dd> }
    });
    view! {
        <article id=o.id class="docs-op">
            <h3>{o.title}</h3>
            <p class="docs-path"><span class="tag">{method}</span>" "<code>{o.path}</code></p>
            {scope}{about}{query}{fields}
            <pre class="raw" tabindex="0">{curl(o)}</pre>
            <p>{answer(o)}</p>
            <details class="more">
                <summary>"Problems"</summary>
                <dl class="facts">{codes.collect_view()}</dl>
            </details>
        </article>
    }
    .into_any()
}

fn answer(o: &Operation) -> AnyView {
    let status = o.status();
    match o.gives {
        Gives::Made(name) => {
            view! { "Answers "{status}" with the "<code>{name}</code>" and its Location." }
                .into_any()
        }
        Gives::Shown(name) => {
            view! { "Answers "{status}" with the "<code>{name}</code>"." }.into_any()
        }
        Gives::List(name) => {
            view! { "Answers "{status}" with a page of "<code>{name}</code>" objects." }.into_any()
        }
        Gives::File(types) => {
            view! { "Answers "{status}" with the file: "{types.join(", ")}"." }.into_any()
        }
    }
}

/// A complete call.
fn curl(o: &Operation) -> String {
    let path = o.parameters().fold(o.path.to_owned(), |path, name| {
        path.replace(&format!("{{{name}}}"), &sample_id(o))
    });
    let mut text = String::from("curl");
    // A body makes it a POST by itself.
    let has_body = matches!(o.takes, Takes::Json(..) | Takes::Form(_));
    if o.is_write() && !(has_body && o.method == Method::POST) {
        let _ = write!(text, " -X {}", o.method);
    }
    let _ = write!(
        text,
        " \"$BASE{path}\" \\\n  -H \"Authorization: Bearer $KEY\""
    );
    if o.is_write() {
        text.push_str(" \\\n  -H 'Idempotency-Key: my-own-1'");
    }
    match &o.takes {
        Takes::Nothing => {}
        Takes::Json(_, example) => {
            let body = serde_json::to_string_pretty(example).unwrap_or_default();
            text.push_str(" \\\n  -H 'Content-Type: application/json'");
            let _ = write!(text, " \\\n  -d '{body}'");
        }
        Takes::Form(fields) => {
            for field in fields {
                let value = match &field.kind {
                    Kind::File => "@slip.jpg".to_owned(),
                    Kind::Word(words) => words.first().copied().unwrap_or_default().to_owned(),
                    _ => "…".to_owned(),
                };
                let _ = write!(text, " \\\n  -F {}={value}", field.name);
            }
        }
    }
    if let Gives::File(_) = o.gives {
        text.push_str(" -o file");
    }
    text
}

/// An id as the path wants it: that of the object named before it.
fn sample_id(o: &Operation) -> String {
    let named = o.path.trim_start_matches("/api/v1/").split('/').next();
    let named = named.unwrap_or_default().trim_end_matches('s');
    let mut objects = resources().iter().flat_map(|r| &r.objects);
    let object = objects.find(|o| o.name == named);
    let id = object.and_then(|o| o.example["id"].as_str());
    id.unwrap_or("…").to_owned()
}

/// Name, type and meaning, objects inside with their own names after a dot.
fn rows(fields: &[Field], prefix: &str, in_body: bool) -> Vec<(String, String, String)> {
    let mut all = vec![];
    for field in fields {
        let name = format!("{prefix}{}", field.name);
        let mut words = kind(field);
        if in_body && field.needed {
            words.push_str(", needed");
        }
        if field.nullable {
            words.push_str(" or null");
        }
        all.push((name.clone(), words, field.about.to_owned()));
        if let Kind::Object(members) = &field.kind {
            all.extend(rows(members, &format!("{name}."), in_body));
        }
    }
    all
}

fn kind(field: &Field) -> String {
    let one = match &field.kind {
        Kind::Text(0, None) => "text".to_owned(),
        Kind::Text(0, Some(most)) => format!("text of at most {most} characters"),
        Kind::Text(least, None) => format!("text of at least {least} characters"),
        Kind::Text(least, Some(most)) => format!("text of {least} to {most} characters"),
        Kind::Integer(None, None) => "integer".to_owned(),
        Kind::Integer(Some(least), None) => format!("integer of at least {least}"),
        Kind::Integer(None, Some(most)) => format!("integer of at most {most}"),
        Kind::Integer(Some(least), Some(most)) => format!("integer, {least} to {most}"),
        Kind::Flag => "true or false".to_owned(),
        Kind::Word(words) => words.join(" | "),
        Kind::Currency => "ISO 4217 code such as KES".to_owned(),
        Kind::Id(prefix) => format!("{prefix}…"),
        Kind::Time => "time".to_owned(),
        Kind::Url => "web address".to_owned(),
        Kind::Entries(most) => format!("object of at most {most} texts"),
        Kind::Object(_) | Kind::Any => "object".to_owned(),
        Kind::Of(name) => format!("{name} object"),
        Kind::File => "file".to_owned(),
    };
    if field.list {
        format!("list of: {one}")
    } else {
        one
    }
}

fn table(head: &'static str, rows: Vec<(String, String, String)>) -> AnyView {
    let rows = rows.into_iter().map(|(name, kind, about)| {
        let about = (!about.is_empty()).then(|| view! { <span class="d">{about}</span> });
        view! { <tr><th scope="row"><code>{name}</code></th><td>{kind}{about}</td></tr> }
    });
    view! {
        <table class="docs-fields">
            <thead class="sr"><tr><th scope="col">{head}</th><th scope="col">"What it is"</th></tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn errors() -> AnyView {
    let example: Value = serde_json::json!({
        "type": "urn:malipo:problem:amount_invalid", "title": "Amount invalid", "status": 422,
        "code": "amount_invalid", "detail": "amount: must be above zero", "field": "amount",
    });
    let example = serde_json::to_string_pretty(&example).unwrap_or_default();
    let rows = codes::CODES.iter().map(|c| {
        view! {
            <tr id=format!("e-{}", c.code)>
                <th scope="row"><code>{c.code}</code></th>
                <td>{c.status}<span class="d">{c.when}</span></td>
            </tr>
        }
    });
    view! {
        <section id="errors" class="docs-part">
            <h2>"Errors"</h2>
            <p>"Errors are "<code>"application/problem+json"</code>". Programs read code and, for input, \
                field; detail is for people and may change. Providers add codes of their own to 422, \
                for what they need."</p>
            <pre class="raw" tabindex="0">{example}</pre>
            <table class="docs-fields">
                <thead class="sr"><tr><th scope="col">"Code"</th><th scope="col">"When"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}
