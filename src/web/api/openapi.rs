//! The descriptions as an OpenAPI 3.1 document.
use super::codes;
use super::describe::{Field, Gives, Kind, Object, Operation, Takes};
use crate::domain::Currency;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::LazyLock;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, ComponentsBuilder, KnownFormat,
    ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Content, ContentBuilder, HeaderBuilder, HttpMethod, InfoBuilder, LicenseBuilder, OpenApi,
    OpenApiBuilder, PathItem, PathsBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
    ServerBuilder,
};

/// Where it is served.
pub const PATH: &str = "/api/v1/openapi.json";
const KEY: &str = "api_key";
const PROBLEM: &str = "problem";
const CURRENCY: &str = "currency";

const ABOUT: &str = "Amounts are integers in minor units (150000 is KES 1,500.00). Times are RFC \
    3339 in UTC. A field that is not known is refused; null counts as left out. A test key sees and \
    makes test objects alone, a live key live ones; what belongs to another tenant or the other \
    mode is 404. Programs read a problem's code; its detail is for people and may change.";

static TEXT: LazyLock<String> = LazyLock::new(|| document().to_pretty_json().unwrap_or_default());

/// The document as JSON.
pub fn text() -> &'static str {
    &TEXT
}

fn document() -> OpenApi {
    let licence = LicenseBuilder::new()
        .name("AGPL-3.0-or-later")
        .identifier(Some("AGPL-3.0-or-later"));
    let info = InfoBuilder::new()
        .title("Malipo API")
        .version("1")
        .description(Some(ABOUT))
        .license(Some(licence.build()));
    let mut paths = PathsBuilder::new();
    for resource in super::resources() {
        for operation in &resource.operations {
            let item = PathItem::new(method(operation), said(operation, resource.title));
            paths = paths.path(operation.path, item);
        }
    }
    let tags = super::resources().iter().map(|r| {
        let tag = TagBuilder::new().name(r.title).description(Some(r.about));
        tag.build()
    });
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([ServerBuilder::new().url("/").build()]))
        .paths(paths)
        .components(Some(components().build()))
        .security(Some([SecurityRequirement::new(KEY, [""; 0])]))
        .tags(Some(tags))
        .build()
}

fn method(operation: &Operation) -> HttpMethod {
    match operation.method {
        Method::POST => HttpMethod::Post,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn components() -> ComponentsBuilder {
    let codes = Currency::all().map(Currency::code);
    let currency = string()
        .description(Some("An ISO 4217 code."))
        .enum_values(Some(codes));
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("mk_test_… or mk_live_…")
        .description(Some("An API key: `Authorization: Bearer mk_test_…`"))
        .build();
    let mut all = ComponentsBuilder::new()
        .security_scheme(KEY, SecurityScheme::Http(key))
        .schema(CURRENCY, currency)
        .schema(PROBLEM, problem());
    for object in super::resources().iter().flat_map(|r| &r.objects) {
        all = all.schema(object.name, shape(object));
    }
    all
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn problem() -> ObjectBuilder {
    let text = |about: &'static str| string().description(Some(about));
    let always = [
        ("type", "urn:malipo:problem: and the code"),
        ("title", "the code as words"),
        ("code", "stable: what programs read"),
        ("detail", "a sentence for people"),
    ];
    let more = [
        ("field", "the input that is at fault: customer.email"),
        ("payment", "the payment in the way"),
        ("proof", "the proof in the way"),
        ("from", "the state that stands against it"),
        ("to", "the state that was wanted"),
    ];
    let mut all = ObjectBuilder::new()
        .description(Some(
            "RFC 9457, with a code, and the field of invalid input.",
        ))
        .property("status", ObjectBuilder::new().schema_type(Type::Integer))
        .required("status")
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    for (name, about) in always {
        all = all.property(name, text(about)).required(name);
    }
    for (name, about) in more {
        all = all.property(name, text(about));
    }
    all.examples([json!({
        "type": "urn:malipo:problem:amount_invalid", "title": "Amount invalid", "status": 422,
        "code": "amount_invalid", "detail": "amount: must be above zero", "field": "amount",
    })])
}

/// An object that is answered: every member is there.
fn shape(object: &Object) -> ObjectBuilder {
    let members = object.members.iter().map(|f| (f, true));
    members_of(members)
        .description(Some(object.about))
        .examples([object.example.clone()])
}

fn members_of<'a>(members: impl Iterator<Item = (&'a Field, bool)>) -> ObjectBuilder {
    let none_else = AdditionalProperties::FreeForm(false);
    let mut all = ObjectBuilder::new().additional_properties(Some(none_else));
    for (field, needed) in members {
        all = all.property(field.name, schema(field));
        if needed {
            all = all.required(field.name);
        }
    }
    all
}

/// What a body may hold: the members that are marked are needed.
fn body_schema(fields: &[Field]) -> ObjectBuilder {
    members_of(fields.iter().map(|f| (f, f.needed)))
}

/// The schema of a field.
pub fn schema(field: &Field) -> RefOr<Schema> {
    let about = (!field.about.is_empty()).then_some(field.about);
    if let Kind::Of(name) = field.kind {
        let one = Ref::from_schema_name(name);
        return if field.list {
            ArrayBuilder::new().items(one).description(about).into()
        } else {
            or_null(one, field.nullable, about)
        };
    }
    if let Kind::Currency = field.kind {
        return or_null(Ref::from_schema_name(CURRENCY), field.nullable, about);
    }
    let one = plain(field);
    if field.list {
        return ArrayBuilder::new().items(one).description(about).into();
    }
    one.description(about).into()
}

fn or_null(one: Ref, nullable: bool, about: Option<&str>) -> RefOr<Schema> {
    if !nullable {
        return one.into();
    }
    let null = ObjectBuilder::new().schema_type(Type::Null);
    AnyOfBuilder::new()
        .item(one)
        .item(null)
        .description(about)
        .into()
}

fn plain(field: &Field) -> ObjectBuilder {
    let format = |f| Some(SchemaFormat::KnownFormat(f));
    let typed = |kind: Type| {
        let kinds = match (field.nullable, &kind) {
            (true, _) => SchemaType::from_iter([kind, Type::Null]),
            (false, _) => SchemaType::new(kind),
        };
        ObjectBuilder::new().schema_type(kinds)
    };
    match &field.kind {
        Kind::Text(least, most) => typed(Type::String)
            .min_length((*least > 0).then_some(*least))
            .max_length(*most),
        Kind::Integer(least, most) => typed(Type::Integer)
            .format(format(KnownFormat::Int64))
            .minimum(*least)
            .maximum(*most),
        Kind::Flag => typed(Type::Boolean),
        Kind::Word(words) => {
            let null = field.nullable.then_some(Value::Null);
            let words = words.iter().map(|w| json!(w)).chain(null);
            typed(Type::String).enum_values(Some(words))
        }
        Kind::Id(prefix) => {
            let pattern = format!("^{prefix}[0-9a-hjkmnp-tv-z]{{26}}$");
            typed(Type::String).pattern(Some(pattern))
        }
        Kind::Time => typed(Type::String).format(format(KnownFormat::DateTime)),
        Kind::Url => typed(Type::String)
            .format(Some(SchemaFormat::Custom("uri".to_owned())))
            .max_length(Some(2_000)),
        Kind::Entries(most) => typed(Type::Object)
            .max_properties(Some(*most))
            .additional_properties(Some(string())),
        Kind::Object(members) => {
            let mut all = body_schema(members);
            if field.nullable {
                all = all.schema_type(SchemaType::from_iter([Type::Object, Type::Null]));
            }
            all
        }
        Kind::Any => {
            typed(Type::Object).additional_properties(Some(AdditionalProperties::FreeForm(true)))
        }
        Kind::File => typed(Type::String).format(format(KnownFormat::Binary)),
        Kind::Of(_) | Kind::Currency => ObjectBuilder::new(),
    }
}

fn said(operation: &'static Operation, tag: &str) -> OperationBuilder {
    let about = if operation.scope == "read" {
        operation.about.to_owned()
    } else {
        let scope = format!("Needs the scope `{}`.", operation.scope);
        format!("{} {scope}", operation.about)
            .trim_start()
            .to_owned()
    };
    let mut said = OperationBuilder::new()
        .tag(tag)
        .summary(Some(operation.title))
        .description((!about.is_empty()).then_some(about))
        .operation_id(Some(operation.id))
        .request_body(body(operation));
    for name in operation.parameters() {
        let text = string().min_length(Some(1));
        said = said.parameter(parameter(
            name,
            ParameterIn::Path,
            true,
            "its id",
            text.into(),
        ));
    }
    for field in &operation.query {
        let (about, needed) = (field.about, field.needed);
        let schema = schema(field);
        said = said.parameter(parameter(
            field.name,
            ParameterIn::Query,
            needed,
            about,
            schema,
        ));
    }
    if operation.is_write() {
        let key = string()
            .min_length(Some(1))
            .max_length(Some(255))
            .pattern(Some("^[!-~]+$"));
        let about = "the same key and body get the same answer for 24 hours";
        let name = "Idempotency-Key";
        said = said.parameter(parameter(
            name,
            ParameterIn::Header,
            false,
            about,
            key.into(),
        ));
    }
    said = said.response(operation.status().to_string(), success(operation));
    for (status, codes) in problems(operation) {
        said = said.response(status.to_string(), refusal(status, &codes));
    }
    said
}

fn parameter(
    name: &str,
    place: ParameterIn,
    needed: bool,
    about: &str,
    schema: RefOr<Schema>,
) -> Parameter {
    let needed = if needed {
        Required::True
    } else {
        Required::False
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(needed)
        .description((!about.is_empty()).then_some(about))
        .schema(Some(schema))
        .build()
}

fn body(operation: &Operation) -> Option<RequestBody> {
    let (kind, content) = match &operation.takes {
        Takes::Nothing => return None,
        Takes::Json(fields, example) => {
            let content = ContentBuilder::new()
                .schema(Some(body_schema(fields)))
                .example(Some(example.clone()));
            ("application/json", content)
        }
        Takes::Form(fields) => {
            let content = ContentBuilder::new().schema(Some(body_schema(fields)));
            ("multipart/form-data", content)
        }
    };
    let needed = if operation.needs_body() {
        Required::True
    } else {
        Required::False
    };
    let body = RequestBodyBuilder::new().content(kind, content.build());
    Some(body.required(Some(needed)).build())
}

fn success(operation: &Operation) -> Response {
    let (words, contents): (String, Vec<(&str, Content)>) = match operation.gives {
        Gives::Shown(name) | Gives::Made(name) => {
            let one = Content::new(Some(Ref::from_schema_name(name)));
            (format!("The {name}."), vec![("application/json", one)])
        }
        Gives::List(name) => {
            let data = ArrayBuilder::new().items(Ref::from_schema_name(name));
            let next = SchemaType::from_iter([Type::String, Type::Null]);
            let next = ObjectBuilder::new()
                .schema_type(next)
                .description(Some("goes into cursor; null on the last page"));
            let page = ObjectBuilder::new()
                .property("data", data)
                .required("data")
                .property("next_cursor", next)
                .required("next_cursor")
                .additional_properties(Some(AdditionalProperties::FreeForm(false)));
            let page = Content::new(Some(page));
            let words = format!("A page of {name}s, newest first.");
            (words, vec![("application/json", page)])
        }
        Gives::File(types) => {
            let binary = Some(SchemaFormat::KnownFormat(KnownFormat::Binary));
            let file = || Content::new(Some(string().format(binary.clone())));
            (
                "The file.".to_owned(),
                types.iter().map(|t| (*t, file())).collect(),
            )
        }
    };
    let header = |about: &str| {
        let header = HeaderBuilder::new().schema(Some(string()));
        header.description(Some(about)).build()
    };
    let mut response = ResponseBuilder::new()
        .description(words)
        .header("X-Request-Id", header("finds this call in the request log"));
    for (kind, content) in contents {
        response = response.content(kind, content);
    }
    if let Gives::Made(_) = operation.gives {
        response = response.header("Location", header("where it can be read"));
    }
    response.build()
}

/// The statuses of an operation's problems, each with its codes.
pub fn problems(operation: &Operation) -> Vec<(u16, Vec<&'static codes::Code>)> {
    let mut all: Vec<(u16, Vec<_>)> = vec![];
    for code in codes::of(operation) {
        match all.iter_mut().find(|(status, _)| *status == code.status) {
            Some((_, codes)) => codes.push(code),
            None => all.push((code.status, vec![code])),
        }
    }
    all
}

fn refusal(status: u16, codes: &[&codes::Code]) -> Response {
    let reason = StatusCode::from_u16(status).ok();
    let reason = reason
        .and_then(|s| s.canonical_reason())
        .unwrap_or_default();
    let codes: Vec<_> = codes.iter().map(|c| format!("`{}`", c.code)).collect();
    let problem = Content::new(Some(Ref::from_schema_name(PROBLEM)));
    ResponseBuilder::new()
        .description(format!("{reason}: {}", codes.join(", ")))
        .content("application/problem+json", problem)
        .build()
}
