//! `malipo serve`: the web server and the job runner in one process.
use anyhow::Context;
use malipo::config::Config;
use malipo::services::{App, call_log, reports};
use malipo::{jobs, web};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub async fn run(config: &Config) -> anyhow::Result<()> {
    let app = config.open().await?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("MALIPO_LISTEN: {} cannot be listened on", config.listen))?;
    tracing::info!(url = %app.settings.public_url, "serving");
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        signal().await;
        tracing::info!("stopping: requests and jobs under way are finished");
        let _ = stop.send(true);
    });
    serve(app, listener, stopped).await
}

/// Serves until `stopped`, then finishes what is under way.
pub async fn serve(
    app: App,
    listener: TcpListener,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let runner = tokio::spawn(jobs::runner::run(app.clone(), stopped.clone()));
    let router = web::server::router(app.clone());
    axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    })
    .await?;
    runner.await?;
    if let Err(e) = call_log::flush(&app).await {
        tracing::warn!(error = %e, "the last calls of the API were not logged");
    }
    if let Err(e) = reports::flush(&app).await {
        tracing::warn!(error = %e, "the last calls to providers were not counted");
    }
    app.db.close().await;
    Ok(())
}

/// Waits for Ctrl-C or SIGTERM.
pub async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}
