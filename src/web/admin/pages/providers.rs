//! Providers: the list, one's settings, and the pages that ask before money is live.
use crate::domain::Currency;
use crate::domain::account::Mode;
use crate::domain::role::Permission;
use crate::services::provider_accounts::{self, AccountView, CredentialView};
use crate::services::provider_hooks::HookState;
use crate::services::{App, Field, HookKind, ProviderInfo, TestInstrument, TestOutcome};
use crate::web::admin::auth::{Me, Refusal, Who};
use crate::web::admin::parts::Note;
use crate::web::admin::parts::chips::Light;
use crate::web::admin::parts::frame::{Nav, Page};
use crate::web::admin::sentences;
use crate::web::admin::views::{provider as settings_view, providers as view};
use axum::extract::{Path, State};
use axum::response::Response;

fn methods(info: &ProviderInfo) -> String {
    let all: Vec<_> = info
        .methods
        .iter()
        .map(|m| sentences::method(m.method))
        .collect();
    all.join(", ")
}

/// Some providers take more currencies than anybody reads.
const CURRENCIES_SHOWN: usize = 6;

/// The currencies, the shop's own first, and how many more there are.
fn currencies(info: &ProviderInfo, own: Currency) -> String {
    let mut all: Vec<_> = info
        .currencies
        .iter()
        .map(|r| match r.code {
            "*" => "any currency",
            code => code,
        })
        .collect();
    all.sort_by_key(|code| *code != own.code());
    let more = all.len().saturating_sub(CURRENCIES_SHOWN);
    if more > 1 {
        all.truncate(CURRENCIES_SHOWN);
        format!("{} and {more} more", all.join(" "))
    } else {
        all.join(" ")
    }
}

/// How an account stands, in words.
fn health(a: &AccountView) -> (Light, String) {
    let mode = Mode::of(a.test_mode);
    let missing = a.missing(mode);
    if let Some(stopped) = &a.stopped {
        let words = format!("Not offered: {}", cut(&stopped.said, 60));
        return (Light::Bad, words);
    }
    match (a.enabled, missing.first(), mode) {
        (true, None, Mode::Live) => (Light::Ok, "Takes real money".to_owned()),
        (true, None, Mode::Test) => (Light::Warn, "In test mode".to_owned()),
        (true, Some(f), _) => (Light::Bad, format!("{} is missing", f.label)),
        (false, None, _) => (Light::Off, "Set up, not offered".to_owned()),
        (false, Some(_), _) => (Light::Off, "Not set up".to_owned()),
    }
}

pub async fn list(who: Who, State(app): State<App>) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageProviders)?;
    let accounts = provider_accounts::overview(&app, &me.member.tenant.id)
        .await
        .map_err(Refusal::broken)?;
    let f = me.frame().await?;
    let rows = accounts
        .iter()
        .map(|a| {
            let (light, health) = health(a);
            view::ProviderRow {
                name: a.info.name.to_owned(),
                methods: methods(a.info),
                currencies: currencies(a.info, f.currency),
                enabled: a.enabled,
                test_mode: a.test_mode,
                test_only: a.info.test_only,
                light,
                health,
            }
        })
        .collect();
    let mut told = me.told("");
    let main = view::list(&f, rows);
    Ok(me.page(&f, Page::new(Nav::Providers, "Providers"), &mut told, main))
}

async fn load(me: &Me, name: &str) -> Result<AccountView, Refusal> {
    provider_accounts::view(&me.app, &me.member.tenant.id, name)
        .await
        .map_err(Refusal::broken)?
        .ok_or(Refusal::NotFound)
}

fn saved(c: &CredentialView) -> settings_view::Saved {
    settings_view::Saved {
        fingerprint: c.value.clone().unwrap_or_else(|| c.fingerprint.clone()),
        at: c.updated_at,
        by: c.updated_by.clone(),
    }
}

fn field(x: &'static Field, a: &AccountView) -> settings_view::FieldView {
    settings_view::FieldView {
        name: x.name,
        label: x.label,
        help: x.help,
        required: x.required,
        secret: x.secret,
        long: x.long,
        choices: x.choices,
        test: a.credential(Mode::Test, x.name).map(saved),
        live: a.credential(Mode::Live, x.name).map(saved),
    }
}

fn instrument(i: &TestInstrument) -> settings_view::Instrument {
    settings_view::Instrument {
        number: i.number.to_owned(),
        detail: i.detail.to_owned(),
        outcome: match i.outcome {
            TestOutcome::Paid => "Succeeds",
            TestOutcome::Declined => "Declined",
            TestOutcome::InsufficientFunds => "Too little money",
            TestOutcome::WrongPin => "Wrong PIN",
            TestOutcome::Cancelled => "Cancelled by the customer",
            TestOutcome::Unreachable => "Phone cannot be reached",
            TestOutcome::NeverAnswers => "Nobody answers: expires",
            TestOutcome::PaidAfterCheck => "Paid after the bank's page or a code",
            TestOutcome::Expired => "Expires",
        },
    }
}

/// The first letters of a provider's words.
fn cut(words: &str, chars: usize) -> String {
    if words.chars().count() <= chars {
        return words.to_owned();
    }
    let kept: String = words.chars().take(chars).collect();
    format!("{}…", kept.trim_end())
}

fn hook_addresses(a: &AccountView) -> Vec<settings_view::HookAddress> {
    let address = |mode, url: &str, state: HookState| settings_view::HookAddress {
        mode,
        url: url.to_owned(),
        registered: state.registered,
        last: state.last,
    };
    let live = address(Mode::Live, &a.hook_url_live, a.hooks_live);
    let test = address(Mode::Test, &a.hook_url_test, a.hooks_test);
    if a.info.test_only {
        vec![test]
    } else if a.test_mode {
        vec![test, live]
    } else {
        vec![live, test]
    }
}

fn hook_help(info: &ProviderInfo) -> &'static str {
    match info.hook {
        HookKind::Signed if info.registers_hooks => {
            "Registered by the button, or pasted at the provider in the account of the same mode. A hook is believed when its signature fits."
        }
        HookKind::Signed => {
            "Paste each address at the provider, in the account of the same mode. A hook is believed when its signature fits."
        }
        HookKind::Hint => {
            "The provider’s calls carry no proof of what they say, so each is a hint: we ask before anything is believed."
        }
        HookKind::MerchantApi => {
            "Set it as the endpoint of the Merchant API on the provider’s pages. The provider asks here what is owed and says what was paid; each call carries the key."
        }
        HookKind::None => "",
    }
}

pub async fn detail(
    who: Who,
    Path((_, name)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageProviders)?;
    let a = load(&me, &name).await?;
    let f = me.frame().await?;
    let mut told = me.told("providers/save");
    let tested = me.flash("providers/self-test").and_then(|flash| {
        let answer = flash.errors.first()?.clone();
        told.read = true;
        (flash.typed("provider") == a.info.name).then(|| settings_view::Tested {
            mode: Mode::parse(flash.typed("mode")).unwrap_or(Mode::Test),
            ok: answer.code == "ok",
            said: answer.params.first().cloned().unwrap_or_default(),
        })
    });
    let mut notes = Vec::new();
    if a.enabled && a.test_mode && !a.info.test_only {
        notes.push(Note::test(
            "Test mode.",
            "Customers see the banner, and what they pay here counts nowhere.",
        ));
    }
    if let Some(missing) = a.missing(Mode::of(a.test_mode)).first() {
        let next = format!(
            "Save the {} of the mode in use, then offer it.",
            missing.label
        );
        notes.push(Note::plain("Not set up yet.", next));
    }
    if let Some(stopped) = &a.stopped {
        let words = format!(
            "Its last payments were refused since {}: “{}” Correct the keys and save them, or pass the self-test.",
            f.zone.near(stopped.since),
            cut(&stopped.said, 300)
        );
        notes.push(Note::bad("Not offered to customers.", words).go("#self-test", "Self-test"));
    }
    let has_hook = a.info.hook != HookKind::None;
    let main = settings_view::settings(
        &f,
        settings_view::Settings {
            name: a.info.name.to_owned(),
            sub: format!(
                "{}. {}.",
                capital(&methods(a.info)),
                currencies(a.info, f.currency)
            ),
            enabled: a.enabled,
            test_mode: a.test_mode,
            test_only: a.info.test_only,
            fields: a.info.credentials.iter().map(|x| field(x, &a)).collect(),
            options: a.info.options().map(|x| field(x, &a)).collect(),
            values: a.options.clone(),
            hooks: if has_hook { hook_addresses(&a) } else { vec![] },
            hook_help: hook_help(a.info),
            registers_hooks: a.info.registers_hooks,
            sources: a.info.sources,
            instruments: a.info.test_instruments.iter().map(instrument).collect(),
            tested,
            notes,
            typed: told.typed.clone(),
        },
    );
    let title = a.info.label;
    Ok(me.page(&f, Page::new(Nav::Providers, title), &mut told, main))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|c| c.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

pub async fn go_live(
    who: Who,
    Path((_, name)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageProviders)?;
    let a = load(&me, &name).await?;
    if a.info.test_only || !a.test_mode {
        return Err(Refusal::NotFound);
    }
    let f = me.frame().await?;
    let missing: Vec<String> = a
        .missing(Mode::Live)
        .iter()
        .map(|x| x.label.to_owned())
        .collect();
    let live: Vec<&CredentialView> = a
        .credentials
        .iter()
        .filter(|c| c.mode == Mode::Live)
        .collect();
    let newest = live.iter().max_by_key(|c| c.updated_at);
    let keys = match (missing.is_empty(), newest) {
        (true, Some(c)) => (
            true,
            format!(
                "Live keys are saved, last set {} by {}",
                f.zone.near(c.updated_at),
                f.by(&c.updated_by)
            ),
        ),
        (true, None) => (true, "No keys are needed".to_owned()),
        (false, _) => (false, "Live keys are not complete".to_owned()),
    };
    let offered = if a.enabled {
        (true, "It is offered to customers".to_owned())
    } else {
        (
            false,
            "It is not offered yet: nothing is taken until it is".to_owned(),
        )
    };
    let own = (
        false,
        "After the switch, pay a small amount yourself and give it back".to_owned(),
    );
    let mut told = me.told("providers/go-live");
    let main = view::go_live(
        &f,
        view::GoLive {
            name: a.info.name.to_owned(),
            checks: vec![keys, offered, own],
            currencies: currencies(a.info, f.currency),
            missing,
            typed: told.typed.clone(),
        },
    );
    let title = format!("Take {} live", a.info.label);
    Ok(me.page(&f, Page::new(Nav::Providers, title), &mut told, main))
}

pub async fn offer(who: Who, Path((_, name)): Path<(String, String)>) -> Result<Response, Refusal> {
    let me = who.may(Permission::ManageProviders)?;
    let a = load(&me, &name).await?;
    let f = me.frame().await?;
    let mut told = me.told("providers/save");
    let main = settings_view::offer(&f, a.info.name, &told.typed);
    let title = format!("Offer {}", a.info.label);
    Ok(me.page(&f, Page::new(Nav::Providers, title), &mut told, main))
}
