//! The program: reads `.env` and the command line, and runs one command.
mod commands;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};
use std::process::ExitCode;

fn main() -> ExitCode {
    // Before any thread: the file fills the environment that the settings are read from.
    match dotenvy::dotenv() {
        Err(e) if !e.not_found() => {
            eprintln!("malipo: .env cannot be read: {e}");
            return ExitCode::FAILURE;
        }
        _ => {}
    }
    let cli = match commands::Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => match variable(&e) {
            Some(name) => {
                let why = e.to_string();
                let why = why.lines().next().unwrap_or_default();
                eprintln!("malipo: {name}: {}", why.trim_start_matches("error: "));
                return ExitCode::FAILURE;
            }
            None => e.exit(),
        },
    };
    if let Err(e) = malipo::telemetry::start(&cli.log) {
        eprintln!("malipo: {e:#}");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("malipo: the runtime cannot start: {e}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("malipo: {e:#}");
            ExitCode::FAILURE
        }
    }
}

/// The variable behind a value that was refused, where no flag gave that value.
fn variable(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let flag = flag.split([' ', '=']).next()?;
    let typed = std::env::args().any(|a| a.split('=').next() == Some(flag));
    let known = commands::Cli::command();
    let arg = known
        .get_arguments()
        .find(|a| flag.strip_prefix("--") == a.get_long())?;
    let name = arg.get_env().filter(|_| !typed)?;
    Some(name.to_string_lossy().into_owned())
}
