//! What the policy is built from: its crates are listed, and one place says which Rust builds it.

use std::collections::BTreeSet;
use std::env;
use std::process::Command;

use regex::Regex;
use serde_json::Value;

use super::files::{path, read};

/// Runs cargo without a network.
fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let output =
        cargo.args(arguments).args(["--locked", "--offline"]).current_dir(path(".")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The names of the crates that the module's build follows along these edges.
fn crates(edges: &str) -> BTreeSet<String> {
    let tree = cargo(&[
        "tree",
        "--package=sidecar-startup-policy",
        "--target=wasm32-wasip1",
        "--prefix=none",
        &format!("--edges={edges}"),
    ]);
    tree.lines().filter_map(|line| line.split_once(' ')).map(|(name, _)| name.to_owned()).collect()
}

/// The crates in the first column of the table under a heading.
fn listed(page: &str, heading: &str) -> BTreeSet<String> {
    let (_, section) = page.split_once(&format!("## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('|'));
    let names = cells.flat_map(|(cell, _)| cell.split(',').map(|name| name.trim_matches([' ', '`'])));
    names.map(str::to_owned).collect()
}

/// Whoever adds a crate to the module says what for.
#[test]
fn the_crates_of_the_module_are_listed() {
    let page = read("docs/dependencies.md");
    let linked = crates("normal,no-proc-macro");
    assert!(linked.contains("serde_json"), "{linked:?}");
    assert_eq!(listed(&page, "In the module"), linked, "docs/dependencies.md: In the module");
    let all = crates("normal,build");
    let others: BTreeSet<_> = all.difference(&linked).cloned().collect();
    assert_eq!(listed(&page, "For building only"), others, "docs/dependencies.md: For building only");
}

/// `rust-version` of the workspace says it; all else asks there.
#[test]
fn one_place_says_which_rust_builds_the_policy() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version=1"])).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let versions: BTreeSet<_> = packages.iter().map(|package| package["rust_version"].as_str()).collect();
    let [Some(version)] = versions.iter().copied().collect::<Vec<_>>()[..] else {
        panic!("the packages have different versions: {versions:?}");
    };
    assert!(read("Cargo.toml").contains(&format!("\nrust-version = \"{version}\"\n")), "{version}");
    for toolchain in ["rust-toolchain.toml", "rust-toolchain"] {
        assert!(!path(toolchain).exists(), "{toolchain} would be a second place");
    }
    let install = Regex::new(r"toolchain install[^\n]* (\S+)\n").unwrap();
    for file in [".github/workflows/ci.yml", ".github/workflows/release.yml"] {
        let text = read(file);
        let installed: Vec<_> = install.captures_iter(&text).collect();
        assert!(!installed.is_empty(), "{file} installs no Rust");
        assert!(installed.iter().all(|found| &found[1] == "\"$version\""), "{file}");
        let asks = text.matches(r#"version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)"#);
        assert_eq!(asks.count(), installed.len(), "{file}");
    }
    let other = Regex::new(r"(?i)rust(c| version)? \d").unwrap();
    for page in ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/dependencies.md"] {
        assert!(!other.is_match(&read(page)), "{page} repeats it");
    }
}
