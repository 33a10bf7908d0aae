//! Logs: one line per event on standard error, filtered by `MALIPO_LOG`.
use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// Starts logging.
///
/// # Errors
/// Names `MALIPO_LOG` where its filter cannot be read.
pub fn start(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .context("MALIPO_LOG is no tracing filter")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}
