//! From orders and payments to what the views need. Reads through the services, decides nothing.
use super::by_hand::{Instructions, ProofForm, ProofView};
use super::choose::Offer;
use super::parts::{Frame, Instrument, PartLine, TestPanel};
use super::paybill::{Instead, PayBill};
use super::style::Brand;
use super::waiting::{Wait, Waiting};
use crate::clock::random_hex;
use crate::domain::method::Method;
use crate::domain::order::{Order, OrderStatus};
use crate::domain::payment::{NextAction, Payment, PaymentStatus};
use crate::domain::proof::Proof;
use crate::domain::{Money, Timestamp};
use crate::services::checkout::{Added, Choice};
use crate::services::tenants::Tenant;
use crate::services::{App, Flow, StoreError, TestOutcome, find_provider, orders};
use crate::web::flash::{Flash, cookie};
use crate::web::texts::{How, Lang, Outcome, Speaks, Wishes, format};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// A request's link, opened: the order, its tenant and the reader's language.
pub struct Opened {
    pub tenant: Tenant,
    pub order: Order,
    pub lang: Lang,
    pub zone: TimeZone,
    pub now: Timestamp,
    /// The customer wants to pay all that is left of an order in parts at once.
    pub whole: bool,
    /// Remembers a choice of language.
    pub cookie: Option<(HeaderName, HeaderValue)>,
}

/// In an address: all that is left at once.
pub const WHOLE: &str = "all=1";

const LANG_COOKIE: &str = "malipo_lang";
const YEAR_SECS: i64 = 31_536_000;

/// Whether cookies may be marked `Secure`.
pub fn secure(app: &App) -> bool {
    app.settings.public_url.starts_with("https://")
}

/// The value of `?lang=`, if it is there.
fn wished(uri: &Uri) -> Option<&str> {
    uri.query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix("lang="))
}

/// The language before any order is known.
pub fn lang_of(headers: &HeaderMap, uri: &Uri) -> Lang {
    choose_lang(headers, uri, None, None)
}

fn choose_lang(headers: &HeaderMap, uri: &Uri, order: Option<&str>, tenant: Option<&str>) -> Lang {
    let remembered = cookie(headers, LANG_COOKIE);
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    Lang::choose(&Wishes {
        query: wished(uri),
        cookie: remembered.as_deref(),
        order,
        accept_language: accepted.and_then(|v| v.to_str().ok()),
        tenant,
    })
}

/// Remembers the language that the address chooses.
pub fn chosen_lang(app: &App, uri: &Uri) -> Option<(HeaderName, HeaderValue)> {
    wished(uri).and_then(Lang::parse).map(|lang| {
        let secure = if secure(app) { "; Secure" } else { "" };
        let text = format!(
            "{LANG_COOKIE}={}; Path=/pay; Max-Age={YEAR_SECS}; SameSite=Lax; HttpOnly{secure}",
            lang.tag()
        );
        let value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
        (header::SET_COOKIE, value)
    })
}

/// The language of a tenant's page that is no order's.
pub fn lang_of_shop(headers: &HeaderMap, uri: &Uri, tenant: &Tenant) -> Lang {
    choose_lang(headers, uri, None, Some(&tenant.locale))
}

/// Opens a checkout link. `None`: there is no such link.
pub async fn open(
    app: &App,
    token: &str,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Option<Opened>, StoreError> {
    let Some((tenant, order)) = orders::by_token(app, token).await? else {
        return Ok(None);
    };
    let lang = choose_lang(headers, uri, order.locale.as_deref(), Some(&tenant.locale));
    let mut opened = Opened {
        zone: format::zone(&tenant.timezone),
        now: app.clock.now(),
        tenant,
        order,
        lang,
        whole: false,
        cookie: chosen_lang(app, uri),
    };
    opened.want_whole(
        uri.query()
            .is_some_and(|q| q.split('&').any(|p| p == WHOLE)),
    );
    Ok(Some(opened))
}

impl Opened {
    pub fn base(&self) -> String {
        format!("/pay/{}", self.order.token)
    }

    /// The page of the choice, for the same amount.
    pub fn home(&self) -> String {
        format!("{}{}", self.base(), self.query())
    }

    /// What the addresses of the way to pay end with.
    pub fn query(&self) -> String {
        if self.whole {
            format!("?{WHOLE}")
        } else {
            String::new()
        }
    }

    /// Asks for all that is left, where that is more than the next part.
    pub fn want_whole(&mut self, whole: bool) {
        self.whole = whole && self.order.asked(false) != self.order.left();
    }

    /// Goes on with the amount of an attempt.
    pub fn follow(&mut self, p: &Payment) {
        self.want_whole(p.amount == self.order.left());
    }

    /// What is asked for.
    pub fn asked(&self) -> Money {
        self.order.asked(self.whole)
    }

    /// Where the customer stands in an order that is paid in parts.
    fn part(&self) -> Option<PartLine> {
        let (at, _) = self.order.next_part()?;
        let t = self.lang.texts();
        let number = |n: usize| format::isolate(self.lang, &n.to_string());
        let (part, all) = (self.order.asked(false), self.order.left());
        Some(PartLine {
            of: (t.part_of)(&number(at + 1), &number(self.order.parts.len())),
            whole: self.whole,
            left: (part != all).then(|| self.money(all)),
            next: self.due(at + 1).filter(|_| !self.whole),
            switch: (part != all).then(|| {
                if self.whole {
                    (self.base(), (t.pay_part)(&self.money(part)))
                } else {
                    (
                        format!("{}?{WHOLE}", self.base()),
                        (t.pay_whole)(&self.money(all)),
                    )
                }
            }),
        })
    }

    /// A later part with its day, in the reader's form.
    fn due(&self, at: usize) -> Option<String> {
        let part = self.order.parts.get(at)?;
        let money = self.money(Money::new(part.minor, self.order.amount.currency));
        Some((self.lang.texts().amount_by)(
            &money,
            &self.day(part.due_at),
        ))
    }

    /// What is still to pay of an order that is paid in part, for its receipt.
    pub fn rest(&self) -> Vec<(&'static str, String)> {
        let t = self.lang.texts();
        let mut rows = vec![(t.left_to_pay, self.money(self.order.left()))];
        if let Some((_, part)) = self.order.next_part() {
            let next = self.money(self.order.asked(false));
            let next = (t.amount_by)(&next, &self.day(part.due_at));
            rows.push((t.next_part, next));
        }
        rows
    }

    /// The day on which something is due; what is due at midnight is due on the day that ends.
    fn day(&self, at: Timestamp) -> String {
        format::day_only(self.lang, &self.zone, at.plus_secs(-1))
    }

    /// The page of one payment.
    pub fn page_of(&self, payment: &Payment) -> String {
        format!("{}/payment/{}", self.base(), payment.id)
    }

    /// The frame of a page; `test` shows the banner.
    pub fn frame(&self, test: bool) -> Frame {
        let (order, tenant) = (&self.order, &self.tenant);
        let open = matches!(order.status, OrderStatus::Open | OrderStatus::PartiallyPaid);
        let part = open && order.paid_minor > 0;
        Frame {
            lang: self.lang,
            brand: Brand::new(&tenant.brand),
            merchant: tenant.name.clone(),
            contact_phone: format::phone(Lang::En, &tenant.contact_phone, ""),
            contact_email: tenant.contact_email.clone(),
            description: order.description.clone(),
            kind: order.kind,
            reference: order.reference.clone(),
            amount: if open { self.asked() } else { order.amount },
            paid: part.then(|| order.paid()),
            part: self.part().filter(|_| open),
            pay_by: order
                .due_at()
                .filter(|_| order.takes_payments(self.now))
                .map(|due| self.day_time(due))
                .unwrap_or_default(),
            base: self.base(),
            test,
        }
    }

    pub fn day_time(&self, at: Timestamp) -> String {
        format::day_time(self.lang, &self.zone, at)
    }

    pub fn full(&self, at: Timestamp) -> String {
        format::full(self.lang, &self.zone, at)
    }

    pub fn time(&self, at: Timestamp) -> String {
        format::isolate(self.lang, &format::time(&self.zone, at))
    }

    pub fn money(&self, money: Money) -> String {
        format::money(self.lang, money)
    }

    /// Method and, where there is one, the masked number: for pages that are shown around.
    pub fn paid_with(&self, p: &Payment) -> String {
        let t = self.lang.texts();
        let name = (t.method_name)(p.method, label(p));
        match &p.phone {
            Some(phone) => {
                let masked = format::phone_masked(self.lang, phone, &self.tenant.country);
                format!("{name}{} {masked}", t.comma)
            }
            None => name,
        }
    }

    pub fn phone(&self, p: &Payment) -> Option<String> {
        let phone = p.phone.as_deref()?;
        Some(format::phone(self.lang, phone, &self.tenant.country))
    }

    /// Where the merchant wants the customer back after success.
    pub fn return_url(&self) -> Option<String> {
        self.order.return_url.clone()
    }

    /// Where the merchant wants the customer back without a payment.
    pub fn failure_url(&self) -> Option<String> {
        let order = &self.order;
        order
            .failure_url
            .clone()
            .or_else(|| order.return_url.clone())
    }

    /// The waiting page of a payment that is not at its end.
    pub fn waiting(&self, p: &Payment) -> Waiting {
        let how = how_of(p);
        let kind = match p.status {
            PaymentStatus::Mismatched => Wait::Staff,
            PaymentStatus::Created | PaymentStatus::Unknown | PaymentStatus::Processing => {
                Wait::Provider
            }
            _ => Wait::Customer,
        };
        let page_url = match &p.next_action {
            NextAction::Redirect { .. } if p.provider == "mock" => {
                Some(format!("{}/mock/{}", self.base(), p.reference))
            }
            NextAction::Redirect { url } => Some(url.clone()),
            NextAction::PhonePrompt
            | NextAction::Instructions
            | NextAction::PayBill { .. }
            | NextAction::None => None,
        };
        let sent = format::seconds(&self.zone, p.created_at);
        Waiting {
            payment_id: p.id.to_string(),
            state: p.status.as_str().to_owned(),
            kind,
            label: label(p).to_owned(),
            method: how,
            amount: self.money(p.amount),
            phone: self.phone(p).unwrap_or_default(),
            sent_at: format::isolate(self.lang, &sent),
            asked_at: (p.polls > 0).then(|| self.time(p.updated_at)),
            age_secs: self.now.secs_since(p.created_at),
            page_url,
            instead: None,
            panels: panel_of(p).into_iter().collect(),
        }
    }

    /// What a payment by hand shows, where the payment is one.
    pub fn pay_bill(&self, p: &Payment) -> Option<PayBill> {
        let NextAction::PayBill {
            business_number,
            account_number,
        } = &p.next_action
        else {
            return None;
        };
        Some(PayBill {
            payment_id: p.id.to_string(),
            state: p.status.as_str().to_owned(),
            label: label(p).to_owned(),
            business_number: business_number.clone(),
            account_number: account_number.clone(),
            digits: format::digits(p.amount),
            age_secs: self.now.secs_since(p.created_at),
            panels: vec![],
        })
    }

    /// The way by hand of a payment's provider, among what is offered.
    pub fn instead(lang: Lang, p: &Payment, choices: &[Choice]) -> Option<Instead> {
        let by_hand = choices
            .iter()
            .find(|c| c.provider.name == p.provider && c.method == Method::Paybill)?;
        Some(Instead {
            choice: offer(lang, by_hand).value(),
            form_key: random_hex::<12>(),
            label: label(p).to_owned(),
        })
    }

    pub fn proof_form(&self, p: &Payment, asked: &super::pages::Asked) -> ProofForm {
        ProofForm {
            action: format!("{}/proof/{}", self.base(), p.id),
            form_key: random_hex::<12>(),
            refused: Flash::read(&asked.headers, "proof", secure(&asked.app)),
        }
    }

    pub fn proof_view(
        &self,
        proof: &Proof,
        told: &Instructions,
        form: ProofForm,
        takes_more: bool,
    ) -> ProofView {
        let t = self.lang.texts();
        let file = proof.file.as_ref().map(|file| {
            let size = format::size(self.lang, file.bytes);
            if file.media_type == "application/pdf" {
                (t.file_pdf)(&size)
            } else {
                (t.file_photo)(&size)
            }
        });
        let held = proof.holder(self.now).is_some();
        ProofView {
            status: proof.status,
            claimed_at: proof.claimed_at.filter(|_| held).map(|at| self.time(at)),
            sent_at: self.time(proof.updated_at.min(proof.created_at)),
            file,
            reference: proof.reference.clone(),
            notes: proof.notes.clone(),
            staff_note: proof.decision_note.clone(),
            review_hours: told.review_hours,
            takes_more,
            form,
            age_secs: self.now.secs_since(proof.updated_at),
        }
    }
}

/// The name that people know a payment's provider by.
pub fn label(p: &Payment) -> &'static str {
    find_provider(&p.provider).map_or("Malipo", |a| a.info().label)
}

/// What the customer does in a flow.
pub fn how(flow: Flow, method: Method) -> How {
    match flow {
        Flow::PhonePrompt => How::Prompt,
        Flow::Redirect => How::Page,
        Flow::Instructions => match method {
            Method::CashOnDelivery => How::Cash,
            Method::MobileMoney => How::MobileByHand,
            Method::Paybill => How::Paybill,
            _ => How::Transfer,
        },
    }
}

fn how_of(p: &Payment) -> How {
    find_provider(&p.provider)
        .and_then(|a| a.info().method(p.method))
        .map_or(How::Page, |m| how(m.flow, p.method))
}

/// A provider's method for the page.
pub fn offer(lang: Lang, choice: &Choice) -> Offer {
    let t = lang.texts();
    Offer {
        fee: choice.fee.map(|fee| match fee {
            Added::About(money) => (t.fee)(&format::money(lang, money)),
            Added::Something => t.fee_some.to_owned(),
        }),
        provider: choice.provider.name,
        label: choice.provider.label,
        monogram: choice.provider.monogram,
        method: choice.method,
        how: how(choice.flow, choice.method),
        test: choice.test,
        recommended: choice.recommended,
        needs_phone: choice.needs_phone,
        needs_email: choice.needs_email,
    }
}

/// The documented test data of the offered providers in test mode.
pub fn panels(choices: &[Choice]) -> Vec<TestPanel> {
    let mut seen = BTreeMap::new();
    for choice in choices.iter().filter(|c| c.test) {
        seen.entry(choice.provider.name).or_insert(choice.provider);
    }
    seen.into_values().filter_map(panel).collect()
}

fn panel_of(p: &Payment) -> Option<TestPanel> {
    p.test_mode
        .then(|| find_provider(&p.provider))
        .flatten()
        .and_then(|a| panel(a.info()))
}

fn panel(info: &'static crate::services::ProviderInfo) -> Option<TestPanel> {
    let instruments: Vec<_> = info
        .test_instruments
        .iter()
        .map(|i| Instrument {
            number: i.number,
            detail: i.detail,
            outcome: outcome(i.outcome),
            simulator_only: i.simulator_only,
        })
        .collect();
    (!instruments.is_empty()).then_some(TestPanel {
        provider: info.name,
        label: info.label,
        instruments,
    })
}

fn outcome(of: TestOutcome) -> Outcome {
    match of {
        TestOutcome::Paid => Outcome::Paid,
        TestOutcome::Declined => Outcome::Declined,
        TestOutcome::InsufficientFunds => Outcome::InsufficientFunds,
        TestOutcome::WrongPin => Outcome::WrongPin,
        TestOutcome::Cancelled => Outcome::Cancelled,
        TestOutcome::Unreachable => Outcome::Unreachable,
        TestOutcome::NeverAnswers => Outcome::NeverAnswers,
        TestOutcome::PaidAfterCheck => Outcome::PaidAfterCheck,
        TestOutcome::Expired => Outcome::Expired,
    }
}

/// The merchant's instructions for a method, from its settings.
pub fn instructions(options: &BTreeMap<String, String>, method: Method) -> Instructions {
    let of = |name: &str| {
        let value = options.get(name).map(|v| v.trim());
        value.unwrap_or_default().to_owned()
    };
    let words = match method {
        Method::MobileMoney => of("mobile_money_instructions"),
        Method::CashOnDelivery => of("cash_instructions"),
        _ => of("bank_transfer_instructions"),
    };
    Instructions {
        bank: of("bank_name"),
        branch: of("bank_branch"),
        account_name: of("account_name"),
        account_number: of("account_number"),
        mobile_name: of("mobile_money_name"),
        mobile_number: of("mobile_money_number"),
        words,
        review_hours: of("review_hours").parse().ok().filter(|h| *h > 0),
    }
}
