//! The API's description: whole, readable by others, and true of what the server answers.
use super::refunds::{paid, settle};
use crate::support::TestApp;
use crate::support::api::id;
use serde_json::{Value, json};

async fn document(t: &TestApp) -> Value {
    let url = format!("{}/api/v1/openapi.json", t.url);
    let answer = t.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200, "nobody needs a key to read it");
    answer.json().await.unwrap()
}

/// What a value breaks of a schema. Knows the words that the document uses, and fails at others.
fn breaks(doc: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(place) = schema["$ref"].as_str() {
        let found = doc.pointer(place.trim_start_matches('#'));
        return breaks(doc, found.unwrap_or_else(|| panic!("{place}")), value, at);
    }
    let mut wrong = vec![];
    let mut say = |what: &str| wrong.push(format!("{at}: {what}: {value}"));
    if let Some(ways) = schema["anyOf"].as_array() {
        if ways
            .iter()
            .all(|way| !breaks(doc, way, value, at).is_empty())
        {
            say("fits none");
        }
        return wrong;
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        one => vec![one.clone()],
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !kinds.contains(&json!(kind)) {
        say("has another type");
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|words| !words.contains(value))
    {
        say("is none of the words");
    }
    if let Some(prefix) = schema["pattern"].as_str().and_then(|p| p.get(1..5))
        && value.as_str().is_some_and(|text| !text.starts_with(prefix))
    {
        say("has another prefix");
    }
    if value.is_string() && schema["format"] == "date-time" {
        let time = value.as_str().unwrap();
        if !time.ends_with('Z') || time.len() != 24 {
            say("is no time");
        }
    }
    if let Some(members) = value.as_object() {
        let known = schema["properties"].as_object();
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                say(&format!("lacks {name}"));
            }
        }
        for (name, member) in members {
            let place = format!("{at}.{name}");
            let others = &schema["additionalProperties"];
            match known.and_then(|k| k.get(name)).unwrap_or(others) {
                Value::Bool(false) | Value::Null => wrong.push(format!("{place}: unknown")),
                Value::Bool(true) => {}
                schema => wrong.extend(breaks(doc, schema, member, &place)),
            }
        }
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        wrong.extend(breaks(doc, &schema["items"], item, &format!("{at}[{n}]")));
    }
    wrong
}

fn object(doc: &Value, value: &Value) -> Vec<String> {
    let kind = value["object"].as_str().unwrap_or("problem");
    breaks(doc, &doc["components"]["schemas"][kind], value, kind)
}

fn refs<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|v| refs(v, found));
        }
        Value::Array(all) => all.iter().for_each(|v| refs(v, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_whole_and_its_examples_are_true() {
    let t = TestApp::start().await;
    let doc = document(&t).await;
    assert_eq!(doc["openapi"], "3.1.0");
    let mut found = vec![];
    refs(&doc, &mut found);
    assert!(found.len() > 50);
    for place in found {
        assert!(
            doc.pointer(place.trim_start_matches('#')).is_some(),
            "{place}"
        );
    }
    let schemas = doc["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        for example in schema["examples"].as_array().into_iter().flatten() {
            assert_eq!(breaks(&doc, schema, example, name), [""; 0]);
        }
    }
    for (path, item) in doc["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let body = &operation["requestBody"]["content"]["application/json"];
            if let Some(example) = body.get("example") {
                let wrong = breaks(&doc, &body["schema"], example, &name);
                assert_eq!(wrong, [""; 0]);
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let inside = path.contains(&format!("{{{}}}", parameter["name"].as_str().unwrap()));
                assert_eq!(parameter["in"] == "path", inside, "{name}");
            }
            let keyed = operation["parameters"]
                .to_string()
                .contains("Idempotency-Key");
            assert_eq!(keyed, method != "get", "{name}");
            for status in ["401", "500", "503"] {
                assert!(
                    operation["responses"][status].is_object(),
                    "{name}: {status}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_route_is_described_and_every_description_has_its_route() {
    let t = TestApp::start().await;
    let doc = document(&t).await;
    let mut seen = 0;
    for (path, item) in doc["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let url = format!("{}{}", t.url, path.replace("{id}", "x_1"));
            let request = t.http.request(method.to_uppercase().parse().unwrap(), url);
            let status = request.send().await.unwrap().status().as_u16();
            // Without a key: 401 where there is an operation, 405 where there is none.
            let wanted = if item.get(method).is_some() { 401 } else { 405 };
            assert_eq!(status, wanted, "{method} {path}");
            seen += usize::from(wanted == 401);
        }
    }
    assert!(seen >= 38, "{seen} operations");
    // The router is made from the descriptions and nothing else adds to it.
    let source = include_str!("../../web/api/mod.rs");
    let routes = source.matches(".route(").count();
    assert_eq!(
        routes, 5,
        "the document, the two refusals, and the fold over the descriptions with their handlers"
    );
}

#[tokio::test]
async fn real_answers_are_what_the_document_says() {
    let t = TestApp::start().await;
    let doc = document(&t).await;
    let (order, payment) = paid(&t, "paystack").await;
    let refund = t.api.refund(&payment, Some(10_000)).await.ok();
    settle(&t).await;
    let prompt = t
        .api
        .order(150_000, json!({ "metadata": { "a": "b" } }))
        .await;
    let prompted = t.api.pay(&prompt, "mpesa", json!({})).await;
    let by_hand = t
        .api
        .order(5_000, json!({ "return_url": "https://a.example/" }))
        .await;
    let manual = t.api.pay(&by_hand, "manual", json!({})).await;
    let form = reqwest::multipart::Form::new()
        .text("type", "bank_transfer")
        .text("reference", "FT1");
    let url = format!("{}/api/v1/payments/{}/proofs", t.url, id(&manual));
    let proof = t.http.post(url).bearer_auth(&t.api.key).multipart(form);
    let proof: Value = proof.send().await.unwrap().json().await.unwrap();
    let mut answers = vec![prompted, manual, proof.clone()];
    for one in [&order, &payment, &refund, &prompt, &by_hand, &proof] {
        answers.push(t.api.now(one).await);
    }
    let problems = [
        t.api.get("/orders/ord_1").await,
        t.api
            .post("/orders", json!({ "customer": { "email": 1 } }))
            .await,
        t.api.try_pay(&order, "paystack", json!({})).await,
        t.api
            .post(&format!("/orders/{}/cancel", id(&order)), json!({}))
            .await,
        t.api
            .post(&format!("/refunds/{}/approve", id(&refund)), json!({}))
            .await,
    ];
    for problem in problems {
        assert!(problem.status >= 400);
        answers.push(problem.json());
    }
    for answer in answers {
        assert_eq!(object(&doc, &answer), [""; 0], "{answer}");
    }
    for list in ["/orders", "/payments"] {
        let page = t.api.get(list).await.ok();
        fits_operation(&doc, "get", list, &page);
    }
}

/// What an operation answered is what the document says of it.
fn fits_operation(doc: &Value, method: &str, path: &str, answer: &Value) {
    let operation = &doc["paths"][format!("/api/v1{path}")][method];
    let schema = ["200", "201"]
        .map(|status| &operation["responses"][status]["content"]["application/json"]["schema"])
        .into_iter()
        .find(|schema| schema.is_object())
        .unwrap_or_else(|| panic!("{method} {path} is described"));
    assert_eq!(breaks(doc, schema, answer, path), [""; 0], "{answer}");
}

#[tokio::test]
async fn real_answers_about_plans_and_events_are_what_the_document_says() {
    let t = TestApp::start().await;
    let doc = document(&t).await;
    let plan = super::plans::plan(&t.api, "Gold", 300_000, json!({})).await;
    fits_operation(&doc, "post", "/plans", &plan);
    let order = super::plans::buy(&t.api, &plan, "c-1").await;
    fits_operation(&doc, "post", "/plans/{id}/purchase", &order);
    let url = json!({ "url": "https://shop.example/events", "events": ["entitlement.expired"] });
    let endpoint = t.api.post("/endpoints", url).await.ok();
    fits_operation(&doc, "post", "/endpoints", &endpoint);
    super::plans::pay(&t, &t.api, &order).await;
    let at = format!("/endpoints/{}", id(&endpoint));
    let rotated = t.api.post(&format!("{at}/rotate-secret"), json!({})).await;
    fits_operation(&doc, "post", "/endpoints/{id}/rotate-secret", &rotated.ok());
    let tested = t.api.post(&format!("{at}/test"), json!({})).await.ok();
    fits_operation(&doc, "post", "/endpoints/{id}/test", &tested);
    let range = json!({ "from": "2020-01-01T00:00:00Z" });
    let resent = t.api.post(&format!("{at}/resend"), range).await.ok();
    fits_operation(&doc, "post", "/endpoints/{id}/resend", &resent);
    let event = format!("/events/{}", tested["event"].as_str().unwrap());
    let again = t.api.post(&format!("{event}/resend"), json!({})).await.ok();
    fits_operation(&doc, "post", "/events/{id}/resend", &again);
    for (path, at) in [
        ("/plans", "/plans".to_owned()),
        ("/plans/{id}", format!("/plans/{}", id(&plan))),
        ("/customers", "/customers".to_owned()),
        ("/customers/{id}", "/customers/c-1".to_owned()),
        (
            "/customers/{id}/entitlements",
            "/customers/c-1/entitlements".to_owned(),
        ),
        ("/endpoints", "/endpoints".to_owned()),
        ("/endpoints/{id}", at),
        ("/events", "/events".to_owned()),
        ("/events/{id}", event),
    ] {
        let answer = t.api.get(&at).await.ok();
        let data = answer.get("data").and_then(Value::as_array);
        assert!(data.is_none_or(|d| !d.is_empty()), "{path} is empty");
        fits_operation(&doc, "get", path, &answer);
    }
}

/// A body that an operation takes, as its description makes one.
fn body_of(schema: &Value, doc: &Value) -> Value {
    let mut body = json!({});
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        let field = &schema["properties"][name];
        let of = field["$ref"]
            .as_str()
            .map_or(field, |p| doc.pointer(&p[1..]).unwrap());
        body[name] = match of["type"].as_str() {
            Some("integer") => json!(100),
            Some("object") => body_of(of, doc),
            _ if of["format"] == "date-time" => json!("2026-11-20T00:00:00.000Z"),
            _ if of["enum"].is_array() && !["currency", "provider"].contains(&name) => {
                of["enum"][0].clone()
            }
            _ if name == "currency" => json!("KES"),
            _ if name == "provider" => json!("paystack"),
            _ => json!("text"),
        };
    }
    body
}

#[tokio::test]
async fn described_fields_are_known_and_their_limits_hold() {
    let t = TestApp::start().await;
    let doc = document(&t).await;
    let order = t.api.order(1_000, json!({})).await;
    let (_, payment) = paid(&t, "paystack").await;
    let mut checked = 0;
    for (path, item) in doc["paths"].as_object().unwrap() {
        let schema = item.pointer("/post/requestBody/content/application~1json/schema");
        let Some(schema) = schema else { continue };
        let real = if path.contains("/payments/{id}") {
            id(&payment)
        } else {
            id(&order)
        };
        let at = path.trim_start_matches("/api/v1").replace("{id}", real);
        // Objects that are not there answer 404 after their body was read.
        let refuse = async |name: &str, value: Value, codes: &[&str]| {
            let mut body = body_of(schema, &doc);
            body[name] = value;
            let answer = t.api.post(&at, body).await;
            let (status, code) = answer.refusal();
            let elsewhere = status == 404 && !codes.contains(&"type_invalid");
            assert!(
                elsewhere || codes.contains(&code.as_str()),
                "{path} {name}: {}",
                answer.text
            );
        };
        for (name, field) in schema["properties"].as_object().unwrap() {
            refuse(
                name,
                json!({ "no": [1.5] }),
                &["type_invalid", "unknown_field"],
            )
            .await;
            if let Some(most) = field["maxLength"].as_u64() {
                let long = "x".repeat(usize::try_from(most).unwrap() + 1);
                refuse(
                    name,
                    json!(long),
                    &["length", "url_invalid", "phone_invalid", "email_invalid"],
                )
                .await;
            }
            if let Some(least) = field["minimum"].as_i64() {
                let codes = [
                    "amount_invalid",
                    "days_invalid",
                    "expires_in_invalid",
                    "refund_exceeds_captured",
                ];
                refuse(name, json!(least - 1), &codes).await;
            }
            checked += 1;
        }
        refuse("colour", json!("red"), &["unknown_field", "type_invalid"]).await;
    }
    assert!(checked > 20, "{checked} fields");
}

#[tokio::test]
async fn the_reference_shows_every_operation_and_runs_nothing() {
    let t = TestApp::start().await;
    let answer = t.http.get(format!("{}/docs", t.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        !policy.contains("script-src") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    let html = answer.text().await.unwrap();
    assert!(!html.contains("<script") && !html.contains(" style="));
    let doc = document(&t).await;
    for (path, item) in doc["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(html.contains(&format!("id=\"{name}\"")), "{method} {path}");
        }
        assert!(html.contains(&format!("<code>{path}</code>")), "{path}");
    }
    for link in html.split(" href=\"").skip(1) {
        let to = link.split('"').next().unwrap();
        match to.strip_prefix('#') {
            Some(id) => assert!(html.contains(&format!("id=\"{id}\"")), "{to}"),
            None => assert!(to.starts_with('/') || to == "data:,", "{to}"),
        }
    }
}
