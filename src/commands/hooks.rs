//! `malipo hooks …`
use anyhow::Context;
use clap::Subcommand;
use malipo::config::Config;
use malipo::domain::ids::{HookId, Id};
use malipo::services::{Actor, inbound};
use serde_json::json;

#[derive(Subcommand)]
pub enum Hooks {
    /// Applies hooks once more; a running `serve` does the work.
    Replay {
        #[arg(long)]
        tenant: String,
        /// The hooks' ids.
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

impl Hooks {
    pub async fn run(self, config: &Config, as_json: bool) -> anyhow::Result<()> {
        let Self::Replay { tenant, ids } = self;
        let app = config.open().await?;
        let tenant = super::tenant_of(&app, &tenant).await?;
        for text in &ids {
            let id = HookId::parse(text).with_context(|| format!("{text} is no hook's id"))?;
            inbound::replay(&app, &Actor::System, &tenant.id, &id)
                .await
                .with_context(|| format!("{text} was not replayed"))?;
        }
        super::print(
            as_json,
            &json!({ "replayed": ids }),
            &format!("Replayed {}.", ids.len()),
        );
        Ok(())
    }
}
