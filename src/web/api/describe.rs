//! What an operation says of itself, once: the router, the checks of names and scopes, the OpenAPI
//! document, `/docs` and the tests all read it. A resource's file declares its own.
use crate::services::App;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use serde_json::Value;

/// A member of a body, a query or an object.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: &'static str,
    pub about: &'static str,
    pub kind: Kind,
    pub needed: bool,
    pub nullable: bool,
    /// Any number of them, in an array.
    pub list: bool,
}

/// What a field holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Least and most characters.
    Text(usize, Option<usize>),
    /// Least and most.
    Integer(Option<i64>, Option<i64>),
    Flag,
    /// One of these.
    Word(Vec<&'static str>),
    /// An ISO 4217 code that Malipo knows.
    Currency,
    /// An id with this prefix.
    Id(&'static str),
    /// RFC 3339 in UTC.
    Time,
    Url,
    /// An object of strings with at most so many entries.
    Entries(usize),
    Object(Vec<Field>),
    /// An object that is described by itself.
    Of(&'static str),
    /// An object of any shape.
    Any,
    /// Bytes, in a multipart body.
    File,
}

impl Field {
    fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            about: "",
            kind,
            needed: false,
            nullable: false,
            list: false,
        }
    }

    pub fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text(0, None))
    }

    pub fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer(None, None))
    }

    pub fn flag(name: &'static str) -> Self {
        Self::new(name, Kind::Flag)
    }

    pub fn word(name: &'static str, words: impl IntoIterator<Item = &'static str>) -> Self {
        Self::new(name, Kind::Word(words.into_iter().collect()))
    }

    pub fn currency() -> Self {
        Self::new("currency", Kind::Currency)
    }

    pub fn id(name: &'static str, prefix: &'static str) -> Self {
        Self::new(name, Kind::Id(prefix))
    }

    pub fn time(name: &'static str) -> Self {
        Self::new(name, Kind::Time)
    }

    pub fn url(name: &'static str) -> Self {
        Self::new(name, Kind::Url)
    }

    pub fn entries(name: &'static str, most: usize) -> Self {
        Self::new(name, Kind::Entries(most))
    }

    pub fn object(name: &'static str, members: Vec<Self>) -> Self {
        Self::new(name, Kind::Object(members))
    }

    /// The object described under `of`.
    pub fn of(name: &'static str, of: &'static str) -> Self {
        Self::new(name, Kind::Of(of))
    }

    pub fn any(name: &'static str) -> Self {
        Self::new(name, Kind::Any)
    }

    pub fn file(name: &'static str) -> Self {
        Self::new(name, Kind::File)
    }

    /// Characters of a text, or the value of an integer.
    #[must_use]
    pub fn at_least(mut self, least: i64) -> Self {
        match &mut self.kind {
            Kind::Text(chars, _) => *chars = usize::try_from(least).unwrap_or_default(),
            Kind::Integer(value, _) => *value = Some(least),
            _ => debug_assert!(false, "{} has no least", self.name),
        }
        self
    }

    /// Characters of a text, or the value of an integer.
    #[must_use]
    pub fn at_most(mut self, most: i64) -> Self {
        match &mut self.kind {
            Kind::Text(_, chars) => *chars = usize::try_from(most).ok(),
            Kind::Integer(_, value) => *value = Some(most),
            _ => debug_assert!(false, "{} has no most", self.name),
        }
        self
    }

    #[must_use]
    pub fn needed(mut self) -> Self {
        self.needed = true;
        self
    }

    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    #[must_use]
    pub fn list(mut self) -> Self {
        self.list = true;
        self
    }

    #[must_use]
    pub fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }
}

/// An object that operations answer with.
pub struct Object {
    pub name: &'static str,
    pub about: &'static str,
    pub members: Vec<Field>,
    /// A whole one, for readers.
    pub example: Value,
}

/// What the API says about one kind of thing.
pub struct Resource {
    pub title: &'static str,
    pub about: &'static str,
    pub objects: Vec<Object>,
    pub operations: Vec<Operation>,
}

/// What a body is.
#[derive(Clone, Debug)]
pub enum Takes {
    /// Nothing; a POST may send an empty object.
    Nothing,
    Json(Vec<Field>, Value),
    /// Multipart, up to so many bytes.
    Form(Vec<Field>),
}

/// What a success answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// 200 with this object.
    Shown(&'static str),
    /// 201 with this object.
    Made(&'static str),
    /// 200 with a page of these objects.
    List(&'static str),
    /// 200 with a file of one of these media types.
    File(&'static [&'static str]),
}

/// One method of one address.
pub struct Operation {
    pub method: Method,
    /// With its parameters in braces, as the router and OpenAPI both write them.
    pub path: &'static str,
    /// The `operationId`: `create_order`.
    pub id: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    pub scope: &'static str,
    pub query: Vec<Field>,
    pub takes: Takes,
    pub gives: Gives,
    /// Codes of problems beside those that every operation of its kind can answer.
    pub codes: Vec<&'static str>,
    route: MethodRouter<App>,
}

impl Operation {
    fn new<H, T>(filter: MethodFilter, method: Method, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        Self {
            method,
            path,
            id: "",
            title: "",
            about: "",
            scope: "read",
            query: vec![],
            takes: Takes::Nothing,
            gives: Gives::Shown(""),
            codes: vec![],
            route: on(filter, handler),
        }
    }

    pub fn get<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(MethodFilter::GET, Method::GET, path, handler)
    }

    pub fn post<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(MethodFilter::POST, Method::POST, path, handler)
    }

    pub fn patch<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(MethodFilter::PATCH, Method::PATCH, path, handler)
    }

    pub fn delete<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(MethodFilter::DELETE, Method::DELETE, path, handler)
    }

    #[must_use]
    pub fn named(mut self, id: &'static str, title: &'static str) -> Self {
        (self.id, self.title) = (id, title);
        self
    }

    #[must_use]
    pub fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// What a key needs beside being good; every key may read.
    #[must_use]
    pub fn scope(mut self, scope: &'static str) -> Self {
        self.scope = scope;
        self
    }

    /// The filters of a list, which has `limit` and `cursor` besides.
    #[must_use]
    pub fn lists(mut self, of: &'static str, filters: Vec<Field>) -> Self {
        self.gives = Gives::List(of);
        self.query = filters;
        let limit = Field::integer("limit")
            .at_least(1)
            .at_most(super::lists::MOST);
        self.query
            .push(limit.about("how many at most; 25 if left out"));
        let cursor = Field::text("cursor").about("`next_cursor` of the page before");
        self.query.push(cursor);
        self
    }

    /// All that there is, on one page.
    #[must_use]
    pub fn lists_all(mut self, of: &'static str) -> Self {
        self.gives = Gives::List(of);
        self
    }

    #[must_use]
    pub fn takes(mut self, fields: Vec<Field>, example: Value) -> Self {
        self.takes = Takes::Json(fields, example);
        self
    }

    #[must_use]
    pub fn takes_form(mut self, fields: Vec<Field>) -> Self {
        self.takes = Takes::Form(fields);
        self
    }

    #[must_use]
    pub fn shows(mut self, of: &'static str) -> Self {
        self.gives = Gives::Shown(of);
        self
    }

    #[must_use]
    pub fn makes(mut self, of: &'static str) -> Self {
        self.gives = Gives::Made(of);
        self
    }

    #[must_use]
    pub fn gives_file(mut self, types: &'static [&'static str]) -> Self {
        self.gives = Gives::File(types);
        self
    }

    #[must_use]
    pub fn codes(mut self, codes: &[&'static str]) -> Self {
        self.codes.extend(codes);
        self
    }

    /// Its handler, which finds this description in the request's extensions.
    pub fn route(&'static self) -> MethodRouter<App> {
        self.route.clone().route_layer(axum::Extension(self))
    }

    pub fn is_write(&self) -> bool {
        self.method != Method::GET
    }

    pub fn is_upload(&self) -> bool {
        matches!(self.takes, Takes::Form(_))
    }

    /// The fields of its body.
    pub fn fields(&self) -> &[Field] {
        match &self.takes {
            Takes::Nothing => &[],
            Takes::Json(fields, _) | Takes::Form(fields) => fields,
        }
    }

    /// A body that it takes; an empty object where it needs none.
    pub fn example(&self) -> Value {
        match &self.takes {
            Takes::Json(_, example) => example.clone(),
            Takes::Nothing | Takes::Form(_) => Value::Object(serde_json::Map::new()),
        }
    }

    /// Whether it insists on a body.
    pub fn needs_body(&self) -> bool {
        self.is_upload() || self.fields().iter().any(|f| f.needed)
    }

    /// The status of its success.
    pub fn status(&self) -> u16 {
        match self.gives {
            Gives::Made(_) => 201,
            _ => 200,
        }
    }

    /// The names in braces of its path.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        let parts = self.path.split('/');
        parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
