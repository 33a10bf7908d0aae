//! Tells Cargo which files the server carries inside, so that a change of them builds it again:
//! the migrations (`sqlx::migrate!` reads them while compiling) and the browser half.
//!
//! `./dev build` puts the browser half into `target/site` before the server is compiled.
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_SSR").is_some() {
        println!("cargo::rerun-if-changed=migrations");
        // A plain `cargo check` or `cargo test` needs no browser half: the folder is then empty.
        fs::create_dir_all("target/site")?;
        println!("cargo::rerun-if-changed=target/site");
    }
    Ok(())
}
