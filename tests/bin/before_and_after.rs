//! Shows what the compiled policy makes of manifests: each object before and after, as a diff.
//!
//! `before_and_after SETTINGS FILE...`

use std::path::Path;
use std::{env, fs};

use acceptance::case::Case;
use acceptance::outcome::Outcome;
use anyhow::{Context as _, bail, ensure};
use policy_host::{AdmissionRequest, PolicyModule};
use similar::TextDiff;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [settings, files @ ..] = arguments.as_slice() else { bail!("which settings, and which files?") };
    let read = |path: &str| fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
    let settings = manifest::parse_one(&read(settings)?)?;
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../annotated-policy.wasm");
    let module = PolicyModule::compile_cached(&fs::read(&module).context("run `make repairs`")?)?;
    for file in files {
        for document in manifest::parse(&read(file)?)? {
            let case = Case::with_settings(document.value, settings.clone());
            let repaired = show(file, &case, &module)?;
            let again = respond(&repaired, &module)?;
            ensure!(again.allowed && again.patch.is_none(), "{file}: judged again, it is not left as it is");
        }
    }
    Ok(())
}

fn show(file: &str, case: &Case, module: &PolicyModule) -> anyhow::Result<Case> {
    let response = respond(case, module)?;
    ensure!(response.allowed, "{file}: {:?}", response.status);
    Outcome::of_library(case).compare_with_module(case, module)?;
    let after = response.patched(&case.object)?;
    for warning in response.warnings.iter().flatten() {
        println!("Warning: {warning}");
    }
    let (before, text) = (manifest::to_yaml(&case.object), manifest::to_yaml(&after));
    print!(
        "{}",
        TextDiff::from_lines(&before, &text).unified_diff().context_radius(100).header(file, "repaired")
    );
    println!();
    Ok(case.with_object(after))
}

fn respond(case: &Case, module: &PolicyModule) -> anyhow::Result<policy_host::AdmissionResponse> {
    module.validate(AdmissionRequest::from_value(case.request())?, &case.settings)
}
