//! The map of ARCHITECTURE.md, kept true: who may import whom.
use std::path::{Path, PathBuf};

/// Each layer with the layers it may name. Itself is always allowed.
const MAP: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("ui", &["domain"]),
    ("clock", &["domain"]),
    ("store", &["domain"]),
    ("providers", &["domain"]),
    ("services", &["domain", "store", "providers", "clock"]),
    ("jobs", &["domain", "store", "services"]),
    ("web", &["domain", "services", "ui", "clock"]),
    ("simulator", &["domain"]),
    ("telemetry", &[]),
    ("config", &["domain", "clock", "store", "services"]),
];

/// These stand above the map: they wire everything.
const ABOVE: [&str; 4] = ["lib", "main", "commands", "tests"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Every source file with its layer, its path and its text.
fn all() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    files(&source(), &mut found);
    found
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(source()).unwrap();
            let first = inside.components().next().unwrap().as_os_str();
            let layer = first.to_str().unwrap().trim_end_matches(".rs").to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (layer, inside.display().to_string(), text)
        })
        .collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first segments of the paths that follow each `prefix`, groups in braces included.
fn named_after(text: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        if text[..at].ends_with(is_word) {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(rest.chars().take_while(|c| is_word(*c)).collect());
            continue;
        };
        let (mut depth, mut begins) = (1, true);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => begins = true,
                c if begins && is_word(c) => {
                    let name = group[i..].chars().take_while(|c| is_word(*c)).collect();
                    names.push(name);
                    begins = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

#[test]
fn no_layer_imports_what_the_map_does_not_give_it() {
    let mut crossings = Vec::new();
    let mut seen = 0;
    for (layer, path, text) in all() {
        if ABOVE.contains(&layer.as_str()) {
            continue;
        }
        let allowed = MAP.iter().find(|(name, _)| *name == layer);
        let Some((_, allowed)) = allowed else {
            panic!("{path}: the layer {layer} is not on the map");
        };
        for name in named_after(&text, "crate::") {
            seen += 1;
            let known = MAP.iter().any(|(layer, _)| *layer == name);
            if known && name != layer && !allowed.contains(&name.as_str()) {
                crossings.push(format!("{path}: crate::{name}"));
            }
        }
    }
    assert!(seen > 100, "the paths are not read");
    assert!(crossings.is_empty(), "{}", crossings.join("\n"));
}

#[test]
fn the_browser_half_names_no_server_crate() {
    let manifest = source().join("../Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    let ssr = manifest.split("\nssr = [").nth(1).unwrap();
    let ssr = ssr.split(']').next().unwrap();
    let crates: Vec<String> = ssr
        .split('"')
        .filter_map(|word| word.strip_prefix("dep:"))
        .map(|name| name.replace('-', "_"))
        .collect();
    assert!(crates.len() > 20);
    for (layer, path, text) in all() {
        if layer != "domain" && layer != "ui" {
            continue;
        }
        for name in &crates {
            let prefix = format!("{name}::");
            let used = text.match_indices(&prefix).any(|(at, _)| {
                let before = &text[..at];
                !before.ends_with(is_word) && !before.ends_with("::")
            });
            assert!(!used, "{path} uses {name}");
        }
    }
}

#[test]
fn the_program_alone_stands_above_the_layers() {
    for (layer, path, text) in all() {
        if ABOVE.contains(&layer.as_str()) {
            continue;
        }
        assert!(
            named_after(&text, "malipo::").is_empty(),
            "{path} names the package from outside"
        );
    }
}

#[test]
fn groups_in_braces_are_read() {
    let names = named_after(
        "use crate::{clock::Clock, store::{self, Db}, web};\nuse crate::domain::Money;",
        "crate::",
    );
    assert_eq!(names, ["clock", "store", "web", "domain"]);
}
