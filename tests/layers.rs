//! The rule of the house: a module imports only from storeys below its own, and no files import each other in a circle.

#![allow(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

mod layers {
    pub(crate) mod circles;
    pub(crate) mod imports;
    pub(crate) mod storeys;
    #[cfg(test)]
    mod tests;
    pub(crate) mod tree;
}

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, anyhow, ensure};
use layers::circles::{circles, imports_of_the_root};
use layers::storeys::{LIBRARY, imports_up};
use layers::tree::Tree;
use serde_json::Value;

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn the_library_imports_only_from_storeys_below() -> anyhow::Result<()> {
    let errors = imports_up(&tree("crates/sidecar-startup/src/lib.rs")?, LIBRARY);
    assert!(errors.is_empty(), "{} errors:\n{}", errors.len(), errors.join("\n"));
    Ok(())
}

#[test]
fn no_files_import_each_other_in_a_circle() -> anyhow::Result<()> {
    let mut errors = Vec::new();
    for root in crate_roots()? {
        let tree = tree(&root)?;
        errors.extend(imports_of_the_root(&tree));
        errors.extend(circles(&tree));
    }
    assert!(errors.is_empty(), "{} errors:\n{}", errors.len(), errors.join("\n"));
    Ok(())
}

/// The modules of the crate whose root that file is.
fn tree(root: &str) -> anyhow::Result<Tree> {
    let text = |file: &str| fs::read_to_string(Path::new(WORKSPACE).join(file)).ok();
    Tree::read(root, &text).map_err(|error| anyhow!("{root}: {error}"))
}

/// The first file of every library, binary, test and build script, as cargo knows them.
fn crate_roots() -> anyhow::Result<Vec<String>> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version=1"]).current_dir(WORKSPACE);
    let output = cargo.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let root = metadata["workspace_root"].as_str().context("the workspace has no root")?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let targets = packages.flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let files = targets.filter_map(|target| target["src_path"].as_str()?.strip_prefix(root));
    let roots: Vec<_> = files.map(|file| file.trim_start_matches('/').to_owned()).collect();
    ensure!(roots.iter().any(|root| root == "crates/sidecar-startup/src/lib.rs"), "{roots:?}");
    Ok(roots)
}
