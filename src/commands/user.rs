//! `malipo user …`
use anyhow::{Context, anyhow};
use clap::Subcommand;
use malipo::config::Config;
use malipo::domain::role::Role;
use malipo::services::{Actor, accounts};
use serde_json::json;
use std::io::Read;

#[derive(Subcommand)]
pub enum User {
    /// Makes a user, or takes a known one into a tenant.
    Create {
        #[arg(long)]
        tenant: String,
        #[arg(long)]
        email: String,
        /// owner, admin, staff, developer or viewer.
        #[arg(long, value_parser = role)]
        role: Role,
        #[arg(long, default_value = "")]
        name: String,
        /// Reads the password from standard input. Without it, a one-time link is printed.
        #[arg(long)]
        password_stdin: bool,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "one of owner, admin, staff, developer, viewer".to_owned())
}

impl User {
    pub async fn run(self, config: &Config, as_json: bool) -> anyhow::Result<()> {
        let Self::Create {
            tenant,
            email,
            role,
            name,
            password_stdin,
        } = self;
        let app = config.open().await?;
        let tenant = super::tenant_of(&app, &tenant).await?;
        if password_stdin {
            let mut password = String::new();
            std::io::stdin()
                .read_to_string(&mut password)
                .context("standard input")?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned().into();
            let id = accounts::create_with_password(&app, &tenant, (&email, &name), role, password)
                .await?;
            let words = format!("{email} can sign in at {}", app.url("/login"));
            super::print(as_json, &json!({ "id": id, "email": email }), &words);
            return Ok(());
        }
        let link = accounts::invite(&app, &Actor::System, &tenant, &email, &name, role).await?;
        let link = link.map(|path| app.url(&path));
        let words = match &link {
            Some(link) => format!("{email} sets a password, once and within three days, at {link}"),
            None => format!(
                "{email} has a password already and is now {} here",
                role.as_str()
            ),
        };
        let facts = json!({ "email": email, "role": role.as_str(), "link": link });
        if facts["email"].is_null() {
            return Err(anyhow!("--email is empty"));
        }
        super::print(as_json, &facts, &words);
        Ok(())
    }
}
