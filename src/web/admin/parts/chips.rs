//! Small marks: states, flags, the test tag, health lights and provider monograms.
use super::icon;
use crate::domain::payment::Flag;
use crate::web::admin::sentences::{self, Chip};
use leptos::prelude::*;

/// A state: a shape and a word, filled only where a person has to act.
pub fn chip(chip: Chip) -> AnyView {
    let class = format!(
        "st{}{}",
        if chip.act { " act" } else { "" },
        chip.tone.class()
    );
    view! { <span class=class>{icon(chip.shape)}{chip.word}</span> }.into_any()
}

pub fn flag(flag: Flag) -> AnyView {
    view! { <span class="flag">{sentences::flag_word(flag)}</span> }.into_any()
}

pub fn flags(all: &[Flag]) -> AnyView {
    all.iter().map(|f| flag(*f)).collect_view().into_any()
}

/// A state with its flags, and the test tag where the money is not real.
pub fn states(state: Chip, all: &[Flag], test: bool) -> AnyView {
    let test = test.then(test_tag);
    view! { <span class="sts">{chip(state)}{flags(all)}{test}</span> }.into_any()
}

pub fn test_tag() -> AnyView {
    view! { <span class="test">"Test"</span> }.into_any()
}

pub fn tag(word: &'static str) -> AnyView {
    view! { <span class="tag">{word}</span> }.into_any()
}

/// The mode of a record, as a tag.
pub fn mode_tag(test: bool) -> AnyView {
    if test { test_tag() } else { tag("Live") }
}

/// How a provider does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    Ok,
    Warn,
    Bad,
    Off,
}

/// A light with its reason in words; the shapes differ without colour.
pub fn light(light: Light, words: impl Into<String>) -> AnyView {
    let class = match light {
        Light::Ok => "light ok",
        Light::Warn => "light warn",
        Light::Bad => "light bad",
        Light::Off => "light off",
    };
    view! { <span class=class>{words.into()}</span> }.into_any()
}

/// Two grey letters, alike for every provider and shop.
pub fn monogram(letters: impl Into<String>) -> AnyView {
    view! { <span class="pm" aria-hidden="true">{letters.into()}</span> }.into_any()
}

/// A provider, with how the customer pays.
pub fn via(letters: impl Into<String>, words: impl Into<String>) -> AnyView {
    view! { <span class="via">{monogram(letters)}<span>{words.into()}</span></span> }.into_any()
}

/// The first letters of the first two words of a name.
pub fn initials(name: &str) -> String {
    let letters: String = name
        .split_whitespace()
        .filter_map(|w| w.chars().find(|c| c.is_alphanumeric()))
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    if letters.is_empty() {
        "?".to_owned()
    } else {
        letters
    }
}
