//! The page of a link that many can pay on: what for, how much, who pays. What is sent begins an
//! order, and its own checkout goes on from there.
use super::choose::token;
use super::load;
use super::pages::{Answer, Asked};
use super::parts::{ALERT, Frame, HOURGLASS, Page, field_error, hero, icon};
use super::style::Brand;
use crate::clock::random_hex;
use crate::domain::Money;
use crate::domain::link::{Ask, Link, LinkState};
use crate::domain::order::{Customer, OrderKind};
use crate::services::App;
use crate::services::links::{self, Begin, LinkError, Used};
use crate::services::tenants::Tenant;
use crate::web::flash::Flash;
use crate::web::forms::{headers, refuse, see_other};
use crate::web::texts::{InputCode, Lang, format};
use axum::extract::{Path, State};
use leptos::prelude::*;

/// `/pay/link/{token}`
pub async fn show(asked: Asked, State(app): State<App>, Path(token): Path<String>) -> Answer {
    let found = links::by_token(&app, &token).await;
    let Some((tenant, used)) = found.map_err(|e| asked.trouble(&e))? else {
        return Ok(asked.unknown());
    };
    let lang = load::lang_of_shop(&asked.headers, &asked.uri, &tenant);
    let frame = frame(lang, &tenant, &used);
    let state = used.link.state(used.uses, app.clock.now());
    let mut page = if state == LinkState::Open {
        let refused = Flash::read(&asked.headers, "link", load::secure(&app));
        form(&frame, &used.link, &refused.unwrap_or_default())
    } else {
        let ended = used.link.ends_at.map(|at| {
            let zone = format::zone(&tenant.timezone);
            format::day_time(lang, &zone, at)
        });
        closed(&frame, state, ended)
    };
    page.headers.extend(load::chosen_lang(&app, &asked.uri));
    page.headers.extend(asked.forget_flash());
    Ok(frame.respond(page))
}

fn frame(lang: Lang, tenant: &Tenant, used: &Used) -> Frame {
    let link = &used.link;
    Frame {
        lang,
        brand: Brand::new(&tenant.brand),
        merchant: tenant.name.clone(),
        contact_phone: format::phone(Lang::En, &tenant.contact_phone, ""),
        contact_email: tenant.contact_email.clone(),
        description: link.title.clone(),
        kind: OrderKind::Order,
        reference: String::new(),
        amount: match link.ask {
            Ask::Fixed(money) => money,
            Ask::Chosen { .. } => Money::zero(link.ask.currency()),
        },
        paid: None,
        part: None,
        pay_by: String::new(),
        base: format!("/pay/link/{}", link.token),
        test: !link.livemode,
    }
}

/// The fields that the page checks, by the service's names.
const FIELDS: [&str; 4] = [
    "amount",
    "customer.name",
    "customer.phone",
    "customer.email",
];

/// The amount where it can be chosen, and who pays.
fn fields(frame: &Frame, link: &Link, flash: &Flash) -> AnyView {
    let t = frame.t();
    let amount = match link.ask {
        Ask::Fixed(_) => None,
        Ask::Chosen { least, most } => {
            let of = Field {
                name: "amount",
                kind: "text",
                label: format!("{} ({})", t.amount_label, least.currency),
                hint: (t.amount_between)(&frame.money(least), &frame.money(most)),
                complete: "transaction-amount",
                optional: false,
            };
            Some(field(frame, flash, of))
        }
    };
    let contact = |name, kind, label: &str, complete| {
        let of = Field {
            name,
            kind,
            label: label.to_owned(),
            hint: String::new(),
            complete,
            optional: true,
        };
        field(frame, flash, of)
    };
    let who = (t.contact_hint)(&frame.merchant());
    view! {
        {amount}
        {contact("customer.name", "text", t.name_label, "name")}
        {contact("customer.phone", "tel", t.phone_label_any, "tel")}
        {contact("customer.email", "email", t.email_label, "email")}
        <p class="hint">{who}</p>
    }
    .into_any()
}

fn form(frame: &Frame, link: &Link, flash: &Flash) -> Page {
    let t = frame.t();
    let merchant = frame.merchant();
    let heading = match link.ask {
        Ask::Fixed(money) => (t.pay_title)(&frame.money(money), &merchant),
        Ask::Chosen { .. } => (t.pay_merchant)(&merchant),
    };
    let other = flash
        .errors
        .iter()
        .find(|e| !FIELDS.contains(&e.field.as_str()))
        .map(|e| (t.input)(InputCode::parse(&e.code)));
    let first = FIELDS.iter().find_map(|f| flash.error_of(f));
    let title = match first
        .map(|e| (t.input)(InputCode::parse(&e.code)))
        .or(other)
    {
        Some(words) => (t.error_title)(&format!("{words} {heading}")),
        None => heading.clone(),
    };
    let button = if frame.test {
        (t.test_button)(t.continue_)
    } else {
        t.continue_.to_owned()
    };
    let hint = if frame.test {
        t.test_stays_unpaid
    } else {
        t.nothing_taken_yet
    };
    let about = (!link.description.is_empty()).then(|| {
        let lines = link
            .description
            .lines()
            .map(|line| view! { <p>{line.to_owned()}</p> });
        view! { <div class="stack">{lines.collect_view()}</div> }
    });
    let form_key = random_hex::<12>();
    let fields = fields(frame, link, flash);
    let main = view! {
        <main class="step">
            <form method="post" action="/do/checkout/link">
                <h1>{heading}</h1>
                {about}
                <input type="hidden" name="token" value=token(frame) />
                <input type="hidden" name="form_key" value=form_key />
                {other
                    .map(|text| {
                        view! {
                            <p class="err" role="alert">
                                {icon(24, ALERT)}
                                <span>{text}</span>
                            </p>
                        }
                    })} {fields}
                <div class="act">
                    <button class="btn">{button}</button>
                    <p class="hint">{hint}</p>
                </div>
            </form>
        </main>
    };
    Page::new(title, main.into_any())
}

/// One field of the form.
struct Field {
    name: &'static str,
    kind: &'static str,
    label: String,
    hint: String,
    complete: &'static str,
    optional: bool,
}

fn field(frame: &Frame, flash: &Flash, f: Field) -> AnyView {
    let t = frame.t();
    // Names have a dot where the service's field has one; an id has none.
    let id = match f.name.rsplit_once('.') {
        Some((_, last)) => last,
        None => f.name,
    };
    let error = flash.error_of(f.name);
    let wrong = error.is_some();
    let hinted = !f.hint.is_empty();
    let described = match (wrong, hinted) {
        (true, true) => Some(format!("{id}-e {id}-h")),
        (true, false) => Some(format!("{id}-e")),
        (false, true) => Some(format!("{id}-h")),
        (false, false) => None,
    };
    let amount = f.name == "amount";
    let left_to_right = (amount || f.kind != "text").then_some("ltr");
    view! {
        <div class="field">
            <label for=id>
                {f.label} {f.optional.then(|| view! { " " <small>"(" {t.optional} ")"</small> })}
            </label>
            {hinted
                .then(|| {
                    view! {
                        <p class="hint" id=format!("{id}-h")>
                            {f.hint}
                        </p>
                    }
                })}
            <input
                class="in"
                id=id
                name=f.name.replace("customer.", "")
                type=f.kind
                inputmode=amount.then_some("decimal")
                autocomplete=f.complete
                dir=left_to_right
                value=flash.typed(f.name).to_owned()
                required=!f.optional
                autofocus=wrong
                aria-invalid=wrong.then_some("true")
                aria-describedby=described
            />
            {field_error(frame.lang, id, error)}
        </div>
    }
    .into_any()
}

fn closed(frame: &Frame, state: LinkState, ended: Option<String>) -> Page {
    let t = frame.t();
    let ask = (t.link_ask_other)(&frame.merchant());
    let (disc, title, body) = match state {
        LinkState::Ended => {
            let until = ended.map(|at| (t.expired_body)(&at)).unwrap_or_default();
            (HOURGLASS, t.link_ended_title, format!("{until} {ask}"))
        }
        LinkState::UsedUp => (ALERT, t.link_used_title, ask),
        LinkState::Held => (HOURGLASS, t.link_held_title, t.link_held_body.to_owned()),
        LinkState::Off | LinkState::Open => (ALERT, t.link_off_title, ask),
    };
    let again = (state == LinkState::Held).then(|| {
        view! {
            <a class="btn alt" href=frame.base.clone()>
                {t.check_now}
            </a>
        }
    });
    let main = view! {
        <main class="step">
            {hero(Some(("disc", disc)), title.to_owned(), view! { <p>{body}</p> }.into_any())}
            {again}
        </main>
    };
    Page::new(title, main.into_any())
}

/// Begins an order on a link and leads to its checkout.
#[server(prefix = "/do", endpoint = "checkout/link")]
pub async fn begin_on_link(
    token: String,
    #[server(default)] form_key: String,
    #[server(default)] amount: String,
    #[server(default)] name: String,
    #[server(default)] phone: String,
    #[server(default)] email: String,
) -> Result<(), ServerFnError> {
    let Some(app) = use_context::<App>() else {
        see_other("/pay/unknown");
        return Ok(());
    };
    let found = match links::by_token(&app, &token).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(error = %error, "a link's form failed");
            None
        }
    };
    let Some((tenant, used)) = found else {
        see_other("/pay/unknown");
        return Ok(());
    };
    let page = format!("/pay/link/{}", used.link.token);
    let secure = load::secure(&app);
    let kept = Flash::new("link")
        .value("amount", &amount)
        .value("customer.name", &name)
        .value("customer.phone", &phone)
        .value("customer.email", &email);
    let chosen = crate::web::flash::cookie(&headers(), "malipo_lang");
    let key = Some(form_key).filter(|key| {
        !key.is_empty() && key.len() <= 32 && key.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    let begin = Begin {
        amount,
        customer: Customer {
            external_id: None,
            name: Some(name),
            email: Some(email),
            phone: Some(phone),
        },
        locale: chosen.filter(|tag| Lang::parse(tag).is_some()),
        form_key: key,
    };
    match links::begin(&app, &tenant, &used.link, begin).await {
        Ok(order) => see_other(&format!("/pay/{}", order.token)),
        Err(LinkError::Input(p)) => {
            let code = match p.code {
                "amount_too_large" => "amount_outside",
                code => code,
            };
            refuse(kept.error(p.field, code), &page, secure);
        }
        // The page says why.
        Err(LinkError::Closed(_)) => see_other(&page),
        Err(error @ (LinkError::NotFound | LinkError::Store(_))) => {
            tracing::error!(link.id = %used.link.id, error = %error, "a link began no order");
            refuse(kept.error("", "trouble"), &page, secure);
        }
    }
    Ok(())
}
