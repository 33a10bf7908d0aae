//! The program: reads `.env` and the command line, and runs one command.
mod commands;

use clap::Parser;
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
    let cli = commands::Cli::parse();
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
