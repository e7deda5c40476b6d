//! Where the settings come from: a file with settings or a policy, or `.sidecar-startup.yaml` above the first path.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;
use sidecar_startup::Settings;
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
    /// Reads the settings in `file`, else those found above `first`.
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
        let globs = if found.is_some() { take_globs(&mut settings).with_context(name)? } else { Vec::new() };
        let below = |error: sidecar_startup::model::read::ReadError| error.below(&prefix.as_slice().into());
        Settings::from_value(&settings).map_err(below).with_context(name)?;
        let exclude = match file.parent() {
            Some(folder) if !globs.is_empty() => Exclude::new(folder, &globs).with_context(name)?,
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
fn read_settings(file: &Path) -> anyhow::Result<(Vec<&'static str>, Value)> {
    let documents = manifest::parse(&objects::read(file)?).with_context(|| format!("{}", file.display()))?;
    let mut values = documents.into_iter().map(|document| document.value);
    let (first, second) = (values.next().unwrap_or_default(), values.next());
    if second.is_some() {
        bail!("{}: expected one document with settings or a policy, but found several", file.display());
    }
    of_policy(first).with_context(|| format!("{}", file.display()))
}

fn of_policy(mut value: Value) -> anyhow::Result<(Vec<&'static str>, Value)> {
    let group = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let is_policy = group.starts_with("policies.kubewarden.io/");
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut take = |pointer: &str| value.pointer_mut(pointer).map(Value::take).unwrap_or_default();
    match kind.as_str() {
        "ClusterAdmissionPolicy" | "AdmissionPolicy" if is_policy => {
            Ok((vec!["spec", "settings"], take("/spec/settings")))
        }
        "ClusterAdmissionPolicyGroup" | "AdmissionPolicyGroup" if is_policy => {
            Ok((vec!["settings"], of_group(&take("/spec/policies"))?))
        }
        _ if is_policy => bail!("expected settings or a policy, but found a {kind}"),
        _ => Ok((vec!["settings"], value)),
    }
}

/// The settings of the member of a group that is this policy, or its only member.
fn of_group(members: &Value) -> anyhow::Result<Value> {
    let members: Vec<_> = members.as_object().into_iter().flatten().map(|(_, member)| member).collect();
    let is_ours = |member: &&Value| {
        member.get("module").and_then(Value::as_str).is_some_and(|module| module.contains("sidecar-startup"))
    };
    let ours: Vec<_> = members.iter().copied().filter(is_ours).collect();
    match (ours.as_slice(), members.as_slice()) {
        ([member], _) | ([], [member]) => Ok(member.get("settings").cloned().unwrap_or_default()),
        _ => Err(anyhow!("expected a group with one member whose module is sidecar-startup")),
    }
}
