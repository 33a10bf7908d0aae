//! One file a group of commands. They call services and print facts; `--json` prints them for
//! programs.
use clap::{Parser, Subcommand};
use malipo::config::Config;
use serde_json::Value;

mod api_key;
mod demo;
mod hooks;
mod listen;
mod openapi;
mod provider;
mod serve;
mod simulator;
mod tenant;
mod user;

/// A self-hosted payment hub: hosted checkout pages, a dashboard and an API.
#[derive(Parser)]
#[command(name = "malipo", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    config: Config,
    /// What is logged to standard error: a tracing filter such as info or malipo=debug.
    #[arg(long, env = "MALIPO_LOG", default_value = "info", global = true)]
    pub log: String,
    /// Prints facts as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the checkout, the dashboard, the API and the hooks, and runs the jobs.
    Serve,
    /// Shows everything on this machine: a database of its own, the simulator, two tenants.
    Demo(demo::Demo),
    /// Speaks the providers' side of the wire, for tests and demos. Moves no real money.
    Simulator(simulator::Simulator),
    /// Brings the database's schema up to date.
    Migrate,
    /// Makes tenants.
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Makes users.
    #[command(subcommand)]
    User(user::User),
    /// Sets up a tenant's providers.
    #[command(subcommand)]
    Provider(provider::Provider),
    /// Makes API keys.
    #[command(subcommand)]
    ApiKey(api_key::ApiKey),
    /// Prints the API's description as an OpenAPI 3.1 document.
    Openapi,
    /// Works on the hooks that providers sent.
    #[command(subcommand)]
    Hooks(hooks::Hooks),
    Listen(listen::Listen),
}

/// Runs the command; the error says what to mend.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli {
        config,
        json,
        command,
        ..
    } = cli;
    match command {
        Command::Serve => serve::run(&config).await,
        Command::Demo(demo) => demo.run(json).await,
        Command::Simulator(simulator) => simulator.run(json).await,
        Command::Migrate => {
            config.open_database().await?.migrate().await?;
            print(
                json,
                &serde_json::json!({ "migrated": true }),
                "The schema is up to date.",
            );
            Ok(())
        }
        Command::Tenant(tenant) => tenant.run(&config, json).await,
        Command::User(user) => user.run(&config, json).await,
        Command::Provider(provider) => provider.run(&config, json).await,
        Command::ApiKey(api_key) => api_key.run(&config, json).await,
        Command::Openapi => openapi::run(),
        Command::Hooks(hooks) => hooks.run(&config, json).await,
        Command::Listen(listen) => listen.run(&config, json).await,
    }
}

/// Prints facts for programs or for people.
fn print(json: bool, facts: &Value, words: &str) {
    if json {
        println!("{facts}");
    } else {
        println!("{words}");
    }
}

/// The tenant of a `--tenant` flag.
async fn tenant_of(
    app: &malipo::services::App,
    slug: &str,
) -> anyhow::Result<malipo::services::tenants::Tenant> {
    let found = malipo::services::tenants::by_slug(app, slug).await?;
    found.ok_or_else(|| anyhow::anyhow!("--tenant: there is no tenant {slug}"))
}
