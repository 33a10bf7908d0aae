//! `malipo openapi`
use std::io::Write;

/// Prints what `/api/v1/openapi.json` serves. A reader that has enough and closes is no error.
pub fn run() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", malipo::web::api::openapi::text()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e.into()),
        _ => Ok(()),
    }
}
