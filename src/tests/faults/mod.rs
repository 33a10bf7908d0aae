//! Faults that nobody chose the moment of. A random test prints the seed that repeats its choices;
//! `MALIPO_SEED` sets it, and `MALIPO_CYCLES` how often it strikes.
mod histories;
mod kills;

/// A number from the environment, or another.
#[expect(
    clippy::disallowed_methods,
    reason = "the settings of the tests; the program's own are read in config.rs"
)]
fn setting(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name}: {text:?} is not a number"))
    })
}

/// Whether the database is a server of its own. What does not hang on it is played less there.
fn on_postgres() -> bool {
    crate::support::database::server().is_some()
}

/// The seed of this run.
fn seed() -> u64 {
    setting("MALIPO_SEED", rand::random())
}
