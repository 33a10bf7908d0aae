//! The provider kit: one suite over the registry. Every provider that the simulator plays goes
//! through every scenario, over HTTP and with the simulator in a process of its own. It knows no
//! provider by name: currency, method, phone and credentials follow from the capability table, and
//! what a provider cannot do is said by its table or by the simulator.
//!
//! `cargo test --test integration conformance -- --nocapture` prints the table.
mod bench;
mod log;
mod scenarios;

use bench::Bench;
use malipo::services::{ProviderInfo, REGISTRY};
use std::fmt::Write;
use std::time::Duration;

/// What came of one scenario at one provider.
pub enum Cell {
    /// It did what the rules want; the words tell how, where there is more than one way.
    Right(&'static str),
    /// The provider has no such thing, and why.
    Without(String),
}

/// Runs the scenarios one after the other, each with an order of its own. Returns the cells, and
/// what no log line may hold.
async fn through(info: &'static ProviderInfo) -> (Vec<Cell>, Vec<String>) {
    let bench = Bench::new(info).await;
    let mut cells = Vec::new();
    for (name, scenario) in scenarios::ALL {
        // What is wrong is told by the panic of the task; here stands where.
        println!("{}: {name}", info.name);
        cells.push(scenario(&bench).await);
        bench.t.sim.clear_faults().await;
    }
    (cells, bench.private())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_provider_of_the_registry_goes_through_every_scenario() {
    let log = log::listen();
    let played = Bench::played().await;
    let mut running = Vec::new();
    for info in REGISTRY.iter().map(|a| a.info()) {
        if played.iter().any(|name| name == info.name) {
            running.push((info, tokio::spawn(through(info))));
        }
    }
    assert!(running.len() >= 2, "the simulator plays {played:?}");
    let mut table = String::from("| provider |");
    for (name, _) in scenarios::ALL {
        let _ = write!(table, " {name} |");
    }
    let _ = write!(table, "\n|---|{}", "---|".repeat(scenarios::ALL.len()));
    let mut without = String::new();
    let mut broken = Vec::new();
    for (info, task) in running {
        let Ok(cells) = tokio::time::timeout(Duration::from_mins(4), task).await else {
            broken.push(format!("{}: it never came to an end", info.name));
            continue;
        };
        let Ok((cells, private)) = cells else {
            broken.push(format!("{}: see the panic above", info.name));
            continue;
        };
        // R15: no credential and nobody's number or address in any line of the whole run.
        for value in private {
            if log.holds(&value) {
                broken.push(format!("{}: {value} stands in the log", info.name));
            }
        }
        let _ = write!(table, "\n| {} |", info.name);
        for (cell, (name, _)) in cells.iter().zip(scenarios::ALL) {
            match cell {
                Cell::Right(how) => {
                    let _ = write!(table, " {how} |");
                }
                Cell::Without(why) => {
                    table.push_str(" - |");
                    let _ = writeln!(without, "- {}, {name}: {why}", info.name);
                }
            }
        }
    }
    println!("\n{table}\n\nWithout:\n{without}");
    assert!(log.holds("malipo"), "the log was listened to");
    assert!(broken.is_empty(), "{broken:#?}");
}
