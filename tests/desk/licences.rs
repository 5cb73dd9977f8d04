//! Everything the desk is built from comes under a licence of `deny.toml`.

use std::process::Command;

use serde_json::Value;

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let allowed = allowed();
    assert!(allowed.contains(&"MIT".to_owned()), "deny.toml could not be read: {allowed:?}");
    let packages = packages();
    assert!(packages.len() > 100, "cargo told of {} packages only", packages.len());
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(|licence| is_allowed(licence, &allowed)))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "not under a licence of deny.toml: {refused:#?}");
}

#[test]
fn a_choice_needs_one_allowed_licence_and_a_sum_needs_all() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    let check = |text: &str| is_allowed(text, &allowed);
    assert!(check("GPL-3.0 OR MIT"));
    assert!(check("Apache-2.0/MIT"));
    assert!(check("(MIT AND ISC) OR GPL-2.0"));
    assert!(check("Apache-2.0 WITH LLVM-exception"));
    assert!(!check("MIT AND GPL-3.0"));
    assert!(!check("MIT AND (GPL-3.0 OR LGPL-3.0)"));
    assert!(!check("Apache-2.0"));
    assert!(!check(""));
}

/// The list in `deny.toml`, which `cargo deny check` reads too.
fn allowed() -> Vec<String> {
    let text = include_str!("../../deny.toml");
    let list = text.split_once("allow = [").and_then(|(_, rest)| rest.split_once(']')).unwrap().0;
    list.split(',').map(|word| word.trim().trim_matches('"').to_owned()).filter(|word| !word.is_empty()).collect()
}

fn packages() -> Vec<Value> {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Reads an SPDX expression: `AND` binds closer than `OR`; a slash is an old way to write `OR`.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest, allowed) && rest.is_empty()
}

fn any_of(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut fine = all_of(words, allowed);
    while words.first() == Some(&"OR") {
        *words = &words[1..];
        fine |= all_of(words, allowed);
    }
    fine
}

fn all_of(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut fine = one(words, allowed);
    while words.first() == Some(&"AND") {
        *words = &words[1..];
        fine &= one(words, allowed);
    }
    fine
}

fn one(words: &mut &[&str], allowed: &[String]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    *words = rest;
    if *first == "(" {
        let fine = any_of(words, allowed);
        *words = words.strip_prefix(&[")"]).unwrap_or(&[]);
        return fine;
    }
    if let ["WITH", exception, rest @ ..] = *words {
        *words = rest;
        return allowed.iter().any(|licence| *licence == format!("{first} WITH {exception}"));
    }
    allowed.iter().any(|licence| licence == first)
}
