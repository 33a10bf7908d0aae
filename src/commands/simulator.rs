//! `malipo simulator`: the providers' side of the wire, with its own ledger.
use clap::Args;
use malipo::simulator::{Options, bind};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args)]
pub struct Simulator {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long = "at", default_value = "127.0.0.1:4010")]
    at: SocketAddr,
    /// The ledger's SQLite file.
    #[arg(long, default_value = "data/simulator.db")]
    data: PathBuf,
    /// How long a customer takes to answer a prompt, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    prompt_delay_ms: u64,
}

impl Simulator {
    pub async fn run(self, json: bool) -> anyhow::Result<()> {
        let mut options = Options::new(self.at, self.data);
        options.prompt_delay = Duration::from_millis(self.prompt_delay_ms);
        let simulator = bind(options).await?;
        let url = simulator.url();
        let words = format!(
            "Simulator at {url}. Point a provider at it, for example:\n  \
             MALIPO_PROVIDER_URL_PAYSTACK_TEST={url}/paystack\n  \
             MALIPO_PROVIDER_URL_MPESA_TEST={url}/mpesa"
        );
        super::print(json, &serde_json::json!({ "url": url }), &words);
        simulator.serve(super::serve::signal()).await?;
        Ok(())
    }
}
