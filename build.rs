//! The server embeds the migrations and the site's files; both may change without a Rust file.
fn main() {
    // A clone that was not built yet has no site; the server then carries none.
    let site = "target/site";
    if let Err(e) = std::fs::create_dir_all(site) {
        println!("cargo::warning={site} cannot be made: {e}");
    }
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed={site}");
}
