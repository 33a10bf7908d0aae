//! MamoPay (Mamo Business, UAE): payment links, charges, refunds, hooks as hints. Its wire alone;
//! what a report means for our books is `services`' business.
//! Facts: mamopay.readme.io (API version 1.6) and the notes of integrators in the fact sheet.
use super::http::{Answer, segment, send, text};
use super::{
    Account, Call, CurrencyRule, Field, Flow, Found, HookError, HookKind, HookProof, HookReading,
    InputProblem, LEGACY_HOOKS, MethodInfo, PaymentProvider, PaymentRef, PollSchedule,
    ProviderError, ProviderInfo, RawHook, RefundReport, RefundSupport, Registered, Report,
    StartPayment, StartRefund, Started, TestInstrument, TestOutcome, check_basics,
};
use crate::domain::Timestamp;
use crate::domain::method::Method;
use crate::domain::payment::FailureCode;
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use wire::{Standing, is_ours, lookup, object, reference_on, standing_of, unknown};

mod hooks;
mod refunds;
mod registration;
#[cfg(test)]
mod tests;
mod wire;

pub struct MamoPay;

/// The path of every call, behind the host of the mode.
const API: &str = "/manage_api/v1";
/// How many rows one page of a list holds, and how many pages are read.
const PAGE: usize = 50;
const MAX_PAGES: usize = 40;
/// Source: mamopay.readme.io, `post_links`, `title` and `description`.
const TITLE_CHARS: usize = 50;
const DESCRIPTION_CHARS: usize = 75;

const fn hosted(method: Method) -> MethodInfo {
    MethodInfo {
        method,
        flow: Flow::Redirect,
        needs_phone: false,
        needs_email: false,
        currencies: &[],
        countries: &[],
    }
}

const fn card(number: &'static str, detail: &'static str, outcome: TestOutcome) -> TestInstrument {
    TestInstrument {
        number,
        detail,
        outcome,
        simulator_only: false,
    }
}

static INFO: ProviderInfo = ProviderInfo {
    name: "mamopay",
    label: "MamoPay",
    monogram: "Mm",
    test_url: "https://sandbox.dev.business.mamopay.com",
    live_url: "https://business.mamopay.com",
    page_origins: &[
        "https://business.mamopay.com",
        "https://sandbox.dev.business.mamopay.com",
    ],
    methods: &[hosted(Method::Card), hosted(Method::Wallet)],
    // The API's schema says "minimum 2" for `amount`, whatever the currency. UNVERIFIED: a refusal
    // is worded "must be greater than 2.00"; exactly 2 goes by the schema, and where Mamo refuses
    // it, that is a clear `amount_limit`. A note about subscriptions names 0.55 for currencies
    // other than AED, which the schema does not allow here.
    currencies: &[
        CurrencyRule::new("AED", 200),
        CurrencyRule::new("EUR", 200),
        CurrencyRule::new("GBP", 200),
        CurrencyRule::new("SAR", 200),
        CurrencyRule::new("USD", 200),
    ],
    credentials: &[
        Field::secret(
            "api_key",
            "API key",
            "Mamo dashboard, Developer. The sandbox has its own account and key.",
        ),
        Field::secret(
            "webhook_secret",
            "Hook secret",
            "The auth_header of the webhook at Mamo, as it stands there: 32 to 50 random characters. \
             Registering the hook address sets it.",
        )
        .proves_hooks(),
    ],
    options: &[LEGACY_HOOKS],
    hook: HookKind::Hint,
    secret_headers: &["authorization"],
    sources: &[],
    registers_hooks: true,
    refunds: RefundSupport::Partial,
    refund_may_fail_days: 0,
    poll: PollSchedule::REDIRECT,
    attempt_secs: 3_600,
    test_only: false,
    test_instruments: &[
        card("4659 1055 6905 1157", "01/28, CVV 123", TestOutcome::Paid),
        card(
            "4242 4242 4242 4242",
            "01/28, CVV 123, 3DS password Checkout1!",
            TestOutcome::PaidAfterCheck,
        ),
        card(
            "4111 1111 1111 1111",
            "01/28, CVV 123, an address in the US, 3DS password Checkout1!",
            TestOutcome::PaidAfterCheck,
        ),
        card(
            "4567 3613 2598 1788",
            "01/28, CVV 123",
            TestOutcome::Declined,
        ),
        card(
            "4095 2548 0264 2505",
            "01/28, CVV 123, an address in the US",
            TestOutcome::Declined,
        ),
    ],
};

/// The API key. Its shape tells nothing, not even its mode: Mamo's host of the other environment
/// answers 403.
fn key(account: &Account) -> Result<&SecretString, ProviderError> {
    let key = account.credential("api_key")?;
    if key.expose_secret().trim().is_empty() {
        let message = "the credential api_key is not set";
        return Err(ProviderError::Misconfigured(message.to_owned()));
    }
    Ok(key)
}

async fn dispatch(
    call: &Call<'_>,
    request: reqwest::RequestBuilder,
) -> Result<Answer, ProviderError> {
    let key = key(call.account)?.expose_secret().trim();
    send(
        request
            .bearer_auth(key)
            .header("accept", "application/json"),
    )
    .await
}

async fn get(call: &Call<'_>, path: &str) -> Result<Answer, ProviderError> {
    dispatch(call, call.http.get(&call.url(&format!("{API}{path}")))).await
}

async fn post(call: &Call<'_>, path: &str, body: &Value) -> Result<Answer, ProviderError> {
    let request = call.http.post(&call.url(&format!("{API}{path}")));
    dispatch(call, request.json(body)).await
}

async fn patch(call: &Call<'_>, path: &str, body: &Value) -> Result<Answer, ProviderError> {
    let request = call.http.patch(&call.url(&format!("{API}{path}")));
    dispatch(call, request.json(body)).await
}

fn charge_path(id: &str) -> String {
    format!("/charges/{}", segment(id))
}

fn link_path(id: &str) -> String {
    format!("/links/{}", segment(id))
}

async fn lookup_charge(call: &Call<'_>, id: &str) -> Result<Option<Value>, ProviderError> {
    lookup(&get(call, &charge_path(id)).await?)
}

async fn lookup_link(call: &Call<'_>, id: &str) -> Result<Option<Value>, ProviderError> {
    lookup(&get(call, &link_path(id)).await?)
}

/// Reads a list page by page until a row is wanted. `None` only where all of it was read. The
/// order of the lists is not documented, so pages are taken from both ends.
async fn search<F>(call: &Call<'_>, list: &str, wanted: F) -> Result<Option<Value>, ProviderError>
where
    F: Fn(&Value) -> bool + Send,
{
    let (mut page, mut read, mut pages) = (1, 0, None);
    loop {
        let path = format!("{list}?page={page}&per_page={PAGE}");
        let (found, meta) = wire::page(&get(call, &path).await?)?;
        let (count, next) = (found.len(), &meta["next_page"]);
        if let Some(row) = found.into_iter().find(|row| wanted(row)) {
            return Ok(Some(row));
        }
        read += 1;
        if read == 1 {
            pages = meta["total_pages"]
                .as_u64()
                .and_then(|n| usize::try_from(n).ok());
        }
        let done = match pages {
            Some(pages) => read >= pages,
            None => next.is_null() && count < PAGE,
        };
        if done {
            return Ok(None);
        }
        if read >= MAX_PAGES {
            return Err(unknown("the list is too long to find the payment in it"));
        }
        page = match pages {
            Some(pages) if read % 2 == 1 => pages - read / 2,
            Some(_) => 1 + read / 2,
            None => read + 1,
        };
    }
}

/// The link of a payment whose start brought no answer: the one that carries our reference.
async fn find_link(call: &Call<'_>, of: &PaymentRef) -> Result<Option<Value>, ProviderError> {
    let ours = |link: &Value| reference_on(link).as_deref() == Some(of.reference.as_str());
    let claimed = of.claims.as_ref().and_then(|c| c.provider_ref.clone());
    if let Some(id) = claimed
        && let Some(link) = lookup_link(call, &id).await?.filter(ours)
    {
        return Ok(Some(link));
    }
    let Some(row) = search(call, "/links", ours).await? else {
        return Ok(None);
    };
    // The rows of the list have no charges.
    match text(&row, "/id") {
        Some(id) => lookup_link(call, &id).await,
        None => Err(unknown("the link has no id")),
    }
}

/// The tries to pay a link. An answer without them is completed from the list of charges.
async fn charges_of(
    call: &Call<'_>,
    link: &Value,
    of: &PaymentRef,
) -> Result<Vec<Value>, ProviderError> {
    if let Some(charges) = link["charges"].as_array() {
        return Ok(charges.clone());
    }
    let id = text(link, "/id");
    let paid = |charge: &Value| {
        is_ours(charge, &of.reference, id.as_deref()) && standing_of(charge) == Standing::Paid
    };
    Ok(search(call, "/charges", paid).await?.into_iter().collect())
}

/// A charge that a hook has named, where it is of this payment and was paid.
async fn claimed_charge(
    call: &Call<'_>,
    of: &PaymentRef,
    link_id: Option<&str>,
) -> Result<Option<Value>, ProviderError> {
    let Some(claims) = &of.claims else {
        return Ok(None);
    };
    let named = [&claims.receipt, &claims.provider_ref];
    for id in named.into_iter().flatten() {
        if Some(id.as_str()) == link_id {
            continue;
        }
        if let Some(charge) = lookup_charge(call, id).await?
            && is_ours(&charge, &of.reference, link_id)
            && standing_of(&charge) == Standing::Paid
        {
            return Ok(Some(charge));
        }
    }
    Ok(None)
}

fn paid(charge: &Value, link: &Value, of: &PaymentRef) -> Result<Report, ProviderError> {
    let Some(money) = wire::money(charge, link, &of.reference) else {
        return Err(unknown(
            "the amount or currency of the charge cannot be read",
        ));
    };
    Ok(Report {
        found: Found::Succeeded(money),
        provider_ref: text(link, "/id").or_else(|| text(charge, "/payment_link_id")),
        receipt: text(charge, "/id"),
        said: wire::said_of(charge),
    })
}

/// Asks the link first: it holds every try, also those of which no hook came. The money itself is
/// read from the charge.
async fn fetch(call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
    let link = match &of.provider_ref {
        Some(id) => lookup_link(call, id).await?,
        None => find_link(call, of).await?,
    };
    let Some(link) = link else {
        return match claimed_charge(call, of, of.provider_ref.as_deref()).await? {
            Some(charge) => paid(&charge, &Value::Null, of),
            None => Ok(Report::new(
                Found::Missing,
                "Mamo has no link with our reference",
            )),
        };
    };
    let id = text(&link, "/id");
    let charges = charges_of(call, &link, of).await?;
    let took: Vec<&Value> = charges
        .iter()
        .filter(|c| standing_of(c) == Standing::Paid)
        .collect();
    // The one that is known already before another: a link can be paid more than once where
    // somebody changed its capacity.
    let known = |c: &&&Value| of.receipt.is_some() && text(c, "/id") == of.receipt;
    if let Some(row) = took.iter().find(known).or_else(|| took.first()) {
        let Some(charge_id) = text(row, "/id") else {
            return Err(unknown("the charge has no id"));
        };
        let Some(charge) = lookup_charge(call, &charge_id).await? else {
            return Err(unknown("Mamo lists the charge and does not know it"));
        };
        if text(&charge, "/id").is_some_and(|told| told != charge_id) {
            return Err(unknown("Mamo told of another charge"));
        }
        if standing_of(&charge) != Standing::Paid {
            return Err(unknown("the link and its charge do not agree"));
        }
        let mut report = paid(&charge, &link, of)?;
        report.receipt = Some(charge_id);
        if took.len() > 1 {
            report.said = format!("{}; the link was paid {} times", report.said, took.len());
        }
        return Ok(report);
    }
    // No answer about what a hook claims does not hide what the link tells.
    if let Ok(Some(charge)) = claimed_charge(call, of, id.as_deref()).await {
        return paid(&charge, &link, of);
    }
    let (found, said) = wire::unpaid(&link, &charges);
    Ok(Report {
        provider_ref: id,
        ..Report::new(found, said)
    })
}

fn clip(words: &str, chars: usize) -> String {
    words.trim().chars().take(chars).collect()
}

/// The new link. What would change the amount (tips, quantity, a fee of the payer's) is off.
/// Source: mamopay.readme.io, `post_links`.
fn link_of(req: &StartPayment, amount: serde_json::Number) -> Value {
    let title = [&req.order_reference, &req.merchant_name, &req.reference];
    let title = title.iter().find(|t| !t.trim().is_empty());
    // "Card is always a part": wallets stand beside it.
    let payment_methods = match req.method {
        Method::Wallet => json!(["card", "wallet"]),
        _ => json!(["card"]),
    };
    let mut body = json!({
        "title": title.map_or_else(String::new, |t| clip(t, TITLE_CHARS)),
        "amount": amount,
        "amount_currency": req.amount.currency.code(),
        "capacity": 1,
        "active": true,
        "link_type": "standalone",
        "return_url": req.return_url,
        "failure_return_url": req.return_url,
        "external_id": req.reference,
        "custom_data": {
            "payment_reference": req.reference,
            "order_reference": req.order_reference,
        },
        "payment_methods": payment_methods,
        "send_customer_receipt": false,
        "enable_tabby": false,
        "enable_tips": false,
        "enable_quantity": false,
        "processing_fee_percentage": 0,
        "save_card": "off",
    });
    let description = clip(&req.description, DESCRIPTION_CHARS);
    if !description.is_empty() {
        body["description"] = description.into();
    }
    if let Some(email) = req.email.as_deref().filter(|e| e.contains('@')) {
        body["email"] = email.trim().into();
    }
    if let Some(name) = req.name.as_deref().filter(|n| !n.trim().is_empty()) {
        let (first, last) = name.trim().split_once(' ').unwrap_or((name.trim(), ""));
        body["first_name"] = first.into();
        if !last.trim().is_empty() {
            body["last_name"] = last.trim().into();
        }
    }
    // Taken although the field list does not name it; the page is English without it.
    if req.language == "ar" {
        body["lang"] = "ar".into();
    }
    body
}

#[async_trait]
impl PaymentProvider for MamoPay {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn check(&self, _: &Account, req: &StartPayment) -> Result<(), InputProblem> {
        check_basics(&INFO, req)?;
        if wire::to_number(req.amount).is_none() {
            let message = "Mamo cannot be told this amount exactly";
            return Err(InputProblem::new(
                "amount",
                "amount_not_representable",
                message,
            ));
        }
        Ok(())
    }

    /// Makes a link that can be paid once.
    async fn start(&self, call: &Call<'_>, req: &StartPayment) -> Result<Started, ProviderError> {
        let Some(amount) = wire::to_number(req.amount) else {
            let message = "the amount cannot be sent";
            return Err(ProviderError::declined(FailureCode::Declined, message));
        };
        let answer = post(call, "/links", &link_of(req, amount)).await?;
        let link = object(&answer)?;
        let told = wire::currency_of(&link);
        let told = told.and_then(|c| wire::from_value(&link["amount"], c));
        // Mamo's own example shows none: the link's id finds the payment too.
        if wire::reference_on(&link).is_some_and(|r| r != req.reference) {
            return Err(unknown("Mamo made a link with another external_id"));
        }
        if told.is_some_and(|told| told != req.amount) {
            return Err(unknown("Mamo made a link for another amount"));
        }
        let page = text(&link, "/payment_url").filter(|url| url.starts_with("http"));
        match (text(&link, "/id"), page) {
            (Some(id), Some(page)) => Ok(Started::redirect(
                id,
                page,
                "Mamo made a link for the payment.".to_owned(),
            )),
            _ => Err(unknown(answer.words())),
        }
    }

    async fn fetch(&self, call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
        fetch(call, of).await
    }

    async fn refund(
        &self,
        call: &Call<'_>,
        req: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        refunds::refund(call, req).await
    }

    async fn fetch_refund(
        &self,
        call: &Call<'_>,
        of: &StartRefund,
    ) -> Result<RefundReport, ProviderError> {
        refunds::fetch(call, of).await
    }

    /// Links have no end of their own: `expiration_date` is always null.
    /// Source: mamopay.readme.io, `patch_links-linkid`, `active`.
    async fn close(&self, call: &Call<'_>, of: &PaymentRef) -> Result<(), ProviderError> {
        let id = match &of.provider_ref {
            Some(id) => Some(id.clone()),
            None => find_link(call, of).await?.and_then(|l| text(&l, "/id")),
        };
        let Some(id) = id else {
            return Ok(());
        };
        let answer = patch(call, &link_path(&id), &json!({ "active": false })).await?;
        match lookup(&answer)? {
            Some(link) if link["active"] == Value::Bool(true) => {
                Err(unknown("the link is still active"))
            }
            // Also one that was deleted on the dashboard.
            _ => Ok(()),
        }
    }

    fn verify(
        &self,
        account: &Account,
        raw: &RawHook,
        _: Timestamp,
    ) -> Result<HookProof, HookError> {
        hooks::verify(account, raw)
    }

    fn read(&self, account: &Account, raw: &RawHook) -> Result<HookReading, HookError> {
        hooks::read(account, raw)
    }

    async fn register_hooks(
        &self,
        call: &Call<'_>,
        hook_url: &str,
    ) -> Result<Registered, ProviderError> {
        registration::register(call, hook_url).await
    }

    /// Source: mamopay.readme.io, Fetch Business Info.
    async fn self_test(&self, call: &Call<'_>) -> Result<String, ProviderError> {
        let me = object(&get(call, "/me").await?)?;
        let name = |pointer| text(&me, pointer).unwrap_or_else(|| "no name".to_owned());
        let said = format!(
            "Mamo knows this key as {} ({}).",
            name("/business_name"),
            name("/business_tag")
        );
        let secret = call.account.credentials.get("webhook_secret");
        let length = secret.map_or(0, |s| s.expose_secret().trim().chars().count());
        Ok(match length {
            1..32 => format!("{said} The hook secret is shorter than 32 characters."),
            _ => said,
        })
    }
}
