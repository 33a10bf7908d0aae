//! The two scenarios of Payme's own sandbox, sent to a registered endpoint in their order, and what
//! each step should have been answered. Create, Perform and Cancel are sent twice each.

use serde_json::{Value, json};

use super::{accounts_of, basic, merchant, merchant_of, new_id};
use crate::simulator::Sim;

/// One step: what is sent, and what must come back.
struct Check<'a> {
    sim: &'a Sim,
    url: String,
    key: String,
    amount: i64,
    fields: Value,
    /// An account value that nobody has.
    unknown: Value,
    steps: Vec<Value>,
    request: i64,
}

impl Check<'_> {
    /// Sends one request. `fits` says whether the answer is what the scenario wants.
    async fn step(
        &mut self,
        what: &str,
        key: &str,
        method: &str,
        params: Value,
        expected: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Value {
        self.request += 1;
        let body = json!({"method": method, "params": params, "id": self.request});
        let (status, got) =
            merchant::send(self.sim, &self.url, &basic(key), &body.to_string()).await;
        let got = got.unwrap_or_default();
        let ok = status == 200 && got["id"] == self.request && fits(&got);
        self.steps.push(json!({
            "step": what, "method": method, "request": body, "expected": expected, "got": got,
            "status": status, "ok": ok,
        }));
        got
    }

    async fn own(
        &mut self,
        what: &str,
        method: &str,
        params: Value,
        expected: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Value {
        let key = self.key.clone();
        self.step(what, &key, method, params, expected, fits).await
    }

    fn new_transaction(&self, amount: i64, account: &Value) -> Value {
        let mut params = order(amount, account);
        params["id"] = json!(new_id());
        params["time"] = json!(self.sim.clock.now());
        params
    }
}

fn order(amount: i64, account: &Value) -> Value {
    json!({"amount": amount, "account": account})
}

fn code(wanted: i64) -> impl Fn(&Value) -> bool {
    move |got| got["error"]["code"] == wanted
}

fn account_error(got: &Value) -> bool {
    let code = got["error"]["code"].as_i64().unwrap_or_default();
    let said = |language: &str| got["error"]["message"][language].is_string();
    (-31_099..=-31_050).contains(&code)
        && ["ru", "uz", "en"].into_iter().all(said)
        && got["error"]["data"].is_string()
}

/// Runs what `POST /_control/pay` asked for.
pub async fn run(sim: &Sim, wanted: &Value) -> anyhow::Result<Result<Value, String>> {
    let merchant = wanted["merchant_id"].as_str().unwrap_or_default();
    let key = wanted["secret_key"].as_str();
    let known = accounts_of(sim, merchant).await?;
    let account = known
        .into_iter()
        .find(|a| key.is_none_or(|key| merchant_of(&a.id).1 == key));
    let Some(account) = account else {
        return Ok(Err("no account has this \"merchant_id\"".into()));
    };
    let Some(url) = account.hook_url.clone() else {
        return Ok(Err("the account has no \"hook_url\"".into()));
    };
    let (Some(amount), true) = (wanted["amount"].as_i64(), wanted["account"].is_object()) else {
        return Ok(Err("\"amount\" (tiyin) and \"account\" are needed".into()));
    };
    let mut unknown = wanted["account"].clone();
    for (_, value) in unknown.as_object_mut().into_iter().flatten() {
        *value = json!("no-such-order");
    }
    let mut check = Check {
        sim,
        url,
        key: merchant_of(&account.id).1.to_owned(),
        amount,
        fields: wanted["account"].clone(),
        unknown,
        steps: Vec::new(),
        request: 0,
    };
    match wanted["scenario"].as_i64() {
        Some(1) => cancel_before_perform(&mut check).await,
        Some(2) => perform_and_give_back(&mut check).await,
        _ => return Ok(Err("\"scenario\" is 1 or 2".into())),
    }
    let passed = check.steps.iter().all(|s| s["ok"] == true);
    Ok(Ok(json!({"passed": passed, "steps": check.steps})))
}

async fn cancel_before_perform(c: &mut Check<'_>) {
    let fields = c.fields.clone();
    for method in [
        "CheckPerformTransaction",
        "CreateTransaction",
        "PerformTransaction",
        "CancelTransaction",
        "CheckTransaction",
        "GetStatement",
        "NoSuchMethod",
    ] {
        let params = c.new_transaction(c.amount, &fields);
        let what = "a wrong Authorization";
        c.step(what, "wrong-key", method, params, "-32504", code(-32_504))
            .await;
    }
    for method in ["CheckPerformTransaction", "CreateTransaction"] {
        let params = c.new_transaction(c.amount + 1, &fields);
        c.own("a wrong amount", method, params, "-31001", code(-31_001))
            .await;
        let unknown = c.unknown.clone();
        let params = c.new_transaction(c.amount, &unknown);
        let expected = "-31050 to -31099, in three languages, data";
        c.own(
            "an unknown account",
            method,
            params,
            expected,
            account_error,
        )
        .await;
    }
    let id = create(c).await;
    cancel(c, &id, 3, -1).await;
}

async fn perform_and_give_back(c: &mut Check<'_>) {
    let id = create(c).await;
    let params = json!({"id": id});
    let performed = |got: &Value| {
        let result = &got["result"];
        result["state"] == 2
            && result["perform_time"].as_i64().is_some_and(|t| t > 0)
            && result["transaction"].is_string()
    };
    let method = "PerformTransaction";
    let first = c
        .own("perform", method, params.clone(), "state 2", performed)
        .await;
    let same = |got: &Value| got["result"] == first["result"];
    c.own("perform again", method, params.clone(), "the same", same)
        .await;
    let kept = |got: &Value| {
        let result = &got["result"];
        result["state"] == 2
            && result["perform_time"] == first["result"]["perform_time"]
            && result["cancel_time"] == 0
            && result["reason"].is_null()
    };
    c.own("check", "CheckTransaction", params, "state 2", kept)
        .await;
    cancel(c, &id, 5, -2).await;
}

/// Check, create twice, ask, and a second transaction for the same order.
async fn create(c: &mut Check<'_>) -> Value {
    let fields = c.fields.clone();
    let params = order(c.amount, &fields);
    let allow = |got: &Value| got["result"]["allow"] == true;
    c.own(
        "a valid order",
        "CheckPerformTransaction",
        params,
        "allow",
        allow,
    )
    .await;
    let params = c.new_transaction(c.amount, &fields);
    let created = |got: &Value| {
        let result = &got["result"];
        result["state"] == 1
            && result["create_time"].as_i64().is_some_and(|t| t > 0)
            && result["transaction"].is_string()
    };
    let method = "CreateTransaction";
    let first = c
        .own("create", method, params.clone(), "state 1", created)
        .await;
    let same = |got: &Value| got["result"] == first["result"];
    c.own("create again", method, params.clone(), "the same", same)
        .await;
    let id = params["id"].clone();
    let kept = |got: &Value| {
        let result = &got["result"];
        result["state"] == 1
            && result["create_time"] == first["result"]["create_time"]
            && result["perform_time"] == 0
            && result["cancel_time"] == 0
            && result["reason"].is_null()
    };
    let asked = json!({"id": id});
    c.own("check", "CheckTransaction", asked, "state 1", kept)
        .await;
    let other = c.new_transaction(c.amount, &fields);
    let what = "another transaction for the same order";
    c.own(what, method, other, "-31008", code(-31_008)).await;
    id
}

async fn cancel(c: &mut Check<'_>, id: &Value, reason: i64, state: i64) {
    let params = json!({"id": id, "reason": reason});
    let expected = format!("state {state}");
    let cancelled = |got: &Value| {
        let result = &got["result"];
        result["state"] == state && result["cancel_time"].as_i64().is_some_and(|t| t > 0)
    };
    let method = "CancelTransaction";
    let first = c
        .own("cancel", method, params.clone(), &expected, cancelled)
        .await;
    let same = |got: &Value| got["result"] == first["result"];
    c.own("cancel again", method, params, "the same", same)
        .await;
    let kept = |got: &Value| {
        let result = &got["result"];
        result["state"] == state
            && result["cancel_time"] == first["result"]["cancel_time"]
            && result["reason"] == reason
    };
    let params = json!({"id": id});
    c.own("check", "CheckTransaction", params, &expected, kept)
        .await;
}
