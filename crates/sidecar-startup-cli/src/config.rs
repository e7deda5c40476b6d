//! Where the settings come from: a file with settings or a policy, or `.sidecar-startup.yaml` above the first path.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;
use sidecar_startup::Settings;
use sidecar_startup::model::field::FieldPath;
use sidecar_startup::model::read::from_value;

use crate::input::walk::Exclude;
use crate::objects;

/// The file that is looked for.
const FILE: &str = ".sidecar-startup.yaml";

/// What is configured.
pub(crate) struct Config {
    /// The settings of the policy.
    pub(crate) settings: Value,
    /// The files that are left out.
    pub(crate) exclude: Exclude,
}

impl Config {
    /// Reads the settings in `file`, else those found above `first`. Warns of what is valid in them, but probably a mistake.
    ///
    /// # Errors
    /// The file cannot be read, or its settings are invalid.
    pub(crate) fn read(file: Option<&Path>, first: Option<&Path>) -> anyhow::Result<Self> {
        let found = if file.is_none() { find(first) } else { None };
        let Some(file) = file.or(found.as_deref()) else {
            return Ok(Self { settings: Value::Null, exclude: Exclude::default() });
        };
        let name = || format!("{}", file.display());
        let (prefix, mut settings) = read_settings(file)?;
        let may_exclude = file.file_name().is_some_and(|name| name == FILE);
        if !may_exclude && settings.get("exclude").is_some() {
            bail!("{}: exclude is not a setting of the policy; it belongs in {FILE}", file.display());
        }
        let globs = take_globs(&mut settings).with_context(name)?;
        let checked = Settings::from_value(&settings).map_err(|error| error.below(&prefix));
        if let Some(warning) = checked.with_context(name)?.warning() {
            eprintln!("warning: {}: {warning}", file.display());
        }
        // The paths that the globs are compared with are canonical as well.
        let folder = file.canonicalize().ok().and_then(|file| file.parent().map(Path::to_owned));
        let exclude = match folder {
            Some(folder) if !globs.is_empty() => Exclude::new(&folder, &globs).with_context(name)?,
            _ => Exclude::default(),
        };
        Ok(Self { settings, exclude })
    }
}

/// Looks for the file in the folder of a path, or in the current one, and in all folders above.
fn find(first: Option<&Path>) -> Option<PathBuf> {
    let first = first.filter(|path| *path != Path::new("-")).unwrap_or(Path::new("."));
    let first = first.canonicalize().ok()?;
    first.ancestors().map(|folder| folder.join(FILE)).find(|file| file.is_file())
}

/// The globs under `exclude`, which is no setting of the policy.
fn take_globs(settings: &mut Value) -> anyhow::Result<Vec<String>> {
    let globs = settings.as_object_mut().and_then(|fields| fields.shift_remove("exclude"));
    let globs = globs.map(|globs| from_value(&globs).map_err(|error| error.below(&["exclude"].into())));
    Ok(globs.transpose()?.unwrap_or_default())
}

/// The settings in a file, with the path at which they are: those of a policy are below `spec`.
fn read_settings(file: &Path) -> anyhow::Result<(FieldPath, Value)> {
    let text = objects::read(file)?;
    // As after a pipe into it that failed.
    if text.trim().is_empty() {
        bail!("{}: the file is empty; write {{}} for the defaults", file.display());
    }
    let documents = manifest::parse(&text).with_context(|| format!("{}", file.display()))?;
    let mut values: Vec<_> = documents.into_iter().map(|document| document.value).collect();
    if 1 < values.len() {
        // As kustomize prints a policy with what belongs to it.
        values.retain(is_policy);
        if values.len() != 1 {
            let names = values.iter().filter_map(|value| value.pointer("/metadata/name")?.as_str());
            let names = names.map(|name| name.escape_debug().to_string()).collect::<Vec<_>>().join(", ");
            let (file, policies) = (file.display(), values.len());
            let found = if names.is_empty() { String::new() } else { format!(": {names}") };
            bail!(
                "{file}: expected one document with settings, or one policy, but found several documents with {policies} policies{found}"
            );
        }
    }
    let first = values.pop().unwrap_or_default();
    let path = path_in(&first).with_context(|| format!("{}", file.display()))?;
    ensure_it_may_repair(&first, &path).with_context(|| format!("{}", file.display()))?;
    // What has no path is the settings themselves.
    let shown = if path == FieldPath::root() { ["settings"].into() } else { path.clone() };
    Ok((shown, first.pointer(&path.to_pointer()).cloned().unwrap_or_default()))
}

/// A policy server denies what a policy would repair that must not change objects; groups never may.
fn ensure_it_may_repair(document: &Value, path: &FieldPath) -> anyhow::Result<()> {
    let fix = document.pointer(&path.to_pointer()).and_then(|settings| settings.get("fix")?.as_str());
    let Some(fix) = fix.filter(|fix| ["Safe", "All"].contains(fix)) else { return Ok(()) };
    if document.pointer("/spec/policies").is_some() {
        bail!("{path}.fix: Invalid value: \"{fix}\": a policy group cannot repair objects; leave out fix");
    }
    if document.pointer("/spec/mutating") == Some(&Value::Bool(false)) {
        bail!(
            "spec.mutating: Invalid value: false: with fix: {fix}, the policy server denies every object that the policy repairs; \
             set mutating: true, or leave out fix"
        );
    }
    Ok(())
}

/// Whether a document is a policy, or a group of them.
fn is_policy(value: &Value) -> bool {
    let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default();
    text("apiVersion").starts_with(GROUP) && path_in(value).is_ok()
}

/// The path of the settings in a policy; the root if it is none.
fn path_in(value: &Value) -> anyhow::Result<FieldPath> {
    let text = |key| value.get(key).and_then(Value::as_str);
    let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        return Ok(FieldPath::root());
    };
    match kind {
        "ClusterAdmissionPolicy" | "AdmissionPolicy" if version.starts_with(GROUP) => {
            Ok(["spec", "settings"].into())
        }
        "ClusterAdmissionPolicyGroup" | "AdmissionPolicyGroup" if version.starts_with(GROUP) => {
            let member = member_of(value.pointer("/spec/policies"))?;
            Ok(["spec", "policies", member, "settings"].into())
        }
        _ => bail!("expected settings or a policy, but found a {kind}"),
    }
}

/// The API group of policies.
const GROUP: &str = "policies.kubewarden.io/";

/// The member of a group that is this policy, or its only member.
fn member_of(members: Option<&Value>) -> anyhow::Result<&str> {
    let members: Vec<_> = members.and_then(Value::as_object).into_iter().flatten().collect();
    let is_ours = |(_, member): &&(&String, &Value)| {
        let module = member.get("module").and_then(Value::as_str);
        module.is_some_and(|module| module.contains("sidecar-startup"))
    };
    let ours: Vec<_> = members.iter().filter(is_ours).collect();
    match (ours.as_slice(), members.as_slice()) {
        ([(name, _)], _) | ([], [(name, _)]) => Ok(name),
        _ => Err(anyhow!("expected a group with one member whose module is sidecar-startup")),
    }
}
