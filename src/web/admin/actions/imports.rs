//! Files of requests: the upload, and the word that makes their orders.
use super::{Next, answer, enter};
use crate::domain::ids::{Id, ImportId};
use crate::domain::role::Permission;
use crate::services::App;
use crate::services::imports::{self, ImportError, MOST_BYTES, NewImport};
use crate::web::admin::auth::{Me, Refusal, Who, secure};
use crate::web::admin::told;
use crate::web::flash::Flash;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use leptos::prelude::*;
use tower_sessions::Session;

/// Of the whole form: a file above its own limit is still read, and refused with a sentence.
pub const MAX_BODY: usize = 4 * MOST_BYTES;

/// What the form brought.
#[derive(Default)]
struct Form {
    tenant: String,
    test: String,
    file_name: String,
    bytes: Vec<u8>,
    too_large: bool,
}

/// `POST /do/admin/imports/upload`
pub async fn upload(
    State(app): State<App>,
    session: Session,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let Ok(form) = Multipart::from_request(request, &()).await else {
        return Err(Refusal::NotFound);
    };
    let form = read(form).await;
    let who = Who::find(&app, &session, &form.tenant, &parts).await?;
    let me = who.may(Permission::WorkOrders)?;
    check(me, form).await
}

async fn read(mut from: Multipart) -> Form {
    let mut form = Form::default();
    loop {
        let mut field = match from.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => return form,
            Err(_) => {
                form.too_large = true;
                return form;
            }
        };
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            field
                .file_name()
                .unwrap_or_default()
                .clone_into(&mut form.file_name);
        }
        let limit = if name == "file" { MOST_BYTES } else { 200 };
        let mut bytes = Vec::new();
        loop {
            match field.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() <= limit => bytes.extend(chunk),
                Ok(None) => break,
                Ok(Some(_)) => form.too_large = true,
                Err(_) => {
                    form.too_large = true;
                    return form;
                }
            }
        }
        let text = || String::from_utf8_lossy(&bytes).trim().to_owned();
        match name.as_str() {
            "tenant" => form.tenant = text(),
            "test" => form.test = text(),
            "file" => form.bytes = bytes,
            _ => {}
        }
    }
}

async fn check(me: Me, form: Form) -> Result<Response, Refusal> {
    let back = me.url("/orders/import");
    let https = secure(&me.app);
    let flash = Flash::new("imports/new").value("test", &form.test);
    let refuse = |words: &str| {
        let flash = told::refused(flash.clone(), "file", words);
        Ok(flash.redirect(&back, https))
    };
    if form.too_large {
        return refuse("The file is larger than 1 MB. Cut it into several.");
    }
    if form.bytes.is_empty() {
        return refuse("Choose a file first.");
    }
    let new = NewImport {
        livemode: form.test != "1",
        file_name: form.file_name,
        bytes: form.bytes,
    };
    match imports::check(&me.app, &me.member.tenant, &me.actor(), new).await {
        Ok(import) => {
            let to = me.url(&format!("/orders/import/{}", import.id));
            Ok(Redirect::to(&to).into_response())
        }
        Err(ImportError::Input(p)) => refuse(&format!("The file {}.", p.message)),
        Err(e) => Err(Refusal::broken(e)),
    }
}

/// Makes the orders of a checked file.
#[server(prefix = "/do", endpoint = "admin/imports/make")]
pub async fn admin_make_import(
    tenant: String,
    import: String,
    #[server(default)] again: String,
) -> Result<(), ServerFnError> {
    answer(async move {
        let me = enter(&tenant, Permission::WorkOrders).await?;
        let id = ImportId::parse(&import).ok_or(Refusal::NotFound)?;
        let path = me.url(&format!("/orders/import/{id}"));
        let tenant = &me.member.tenant.id;
        match imports::make(&me.app, tenant, &me.actor(), &id, again == "1").await {
            Ok(_) => Ok(Next::to(path)),
            Err(ImportError::NotFound) => Err(Refusal::NotFound),
            Err(ImportError::Twin(_)) => {
                let words = "Say that you mean to ask for the same money again.";
                let flash = told::refused(Flash::new("imports/make"), "again", words);
                Ok(Next::with(path, flash))
            }
            Err(ImportError::Input(p)) => {
                Ok(Next::fault(path, &format!("The file {}.", p.message)))
            }
            Err(e @ (ImportError::Order(_) | ImportError::Store(_))) => Err(Refusal::broken(e)),
        }
    })
    .await
}
