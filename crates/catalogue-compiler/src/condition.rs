//! The conditions of the catalogue.

use anyhow::bail;
use serde::Deserialize;

/// Rust source code.
pub(crate) type Rust = anyhow::Result<String>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Condition {
    arg: Option<String>,
    word: Option<String>,
    env: Option<String>,
    annotation: Option<String>,
    label: Option<String>,
    kind: Option<String>,
    image: Option<String>,
    since: Option<String>,
    tag: Option<String>,
    mounts: Option<Mounts>,
    restart_policy: Option<RestartPolicy>,
    command: Option<Absent>,
    readiness_probe: Option<String>,
    any_of: Option<Vec<Condition>>,
    all_of: Option<Vec<Condition>>,
    is: Option<String>,
    is_not: Option<String>,
    has: Option<String>,
    #[serde(default)]
    absent: bool,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    hidden: bool,
    port: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Mounts {
    HostPath,
}

#[derive(Deserialize)]
enum RestartPolicy {
    Always,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Absent {
    Absent,
}

impl Condition {
    /// The code of this condition.
    fn to_rust(&self) -> Rust {
        let test = self.test()?;
        let any_of = self.any_of.as_deref().map(conditions).transpose()?;
        let all_of = self.all_of.as_deref().map(conditions).transpose()?;
        let subjects = [
            self.arg_or_env(&test),
            self.word.as_ref().map(|part| format!("Word({part:?})")),
            self.annotation.as_ref().map(|key| format!("Annotation({key:?}, {test})")),
            self.label.as_ref().map(|key| format!("Label({key:?}, {test})")),
            self.kind.as_ref().map(|kind| format!("Kind(Kind::{kind})")),
            self.image.as_ref().map(|glob| format!("Image({glob:?})")),
            self.since.as_ref().map(|version| format!("Since({version:?})")),
            self.tag.as_ref().map(|part| format!("Tag({part:?})")),
            self.mounts.as_ref().map(|Mounts::HostPath| "MountsHostPath".to_owned()),
            self.restart_policy.as_ref().map(|RestartPolicy::Always| "RunsOn".to_owned()),
            self.command.as_ref().map(|Absent::Absent| "NoCommand".to_owned()),
            self.readiness_probe
                .as_ref()
                .map(|path| format!("ReadinessProbe({path:?}, {})", self.port.unwrap_or(0))),
            any_of.map(|conditions| format!("AnyOf({conditions})")),
            all_of.map(|conditions| format!("AllOf({conditions})")),
        ];
        let mut subjects = subjects.into_iter().flatten();
        match (subjects.next(), subjects.next()) {
            (Some(condition), None) => Ok(format!("Condition::{condition}")),
            _ => bail!("a condition must have exactly one subject, such as arg or env"),
        }
    }

    /// The code of a condition on a flag, a variable, or both.
    fn arg_or_env(&self, test: &str) -> Option<String> {
        let flag = self.arg.as_ref().map(|flag| flag.trim_start_matches('-'));
        match (flag, &self.env) {
            (Some(flag), Some(name)) => Some(format!("ArgOrEnv({flag:?}, {name:?}, {test})")),
            (Some(flag), None) => Some(format!("Arg({flag:?}, {test})")),
            (None, Some(name)) if self.hidden => Some(format!("HiddenEnv({name:?})")),
            (None, Some(name)) => Some(format!("Env({name:?}, {test})")),
            (None, None) => None,
        }
    }

    /// The code of the test on the value of this condition.
    fn test(&self) -> Rust {
        let tests = [
            self.is.as_ref().map(|value| format!("Test::Is({value:?})")),
            self.is_not.as_ref().map(|value| format!("Test::IsNot({value:?})")),
            self.has.as_ref().map(|part| format!("Test::Has({part:?})")),
            self.absent.then(|| "Test::Absent".to_owned()),
            self.disabled.then(|| "Test::Off".to_owned()),
        ];
        let mut tests = tests.into_iter().flatten();
        let test = tests.next().unwrap_or_else(|| "Test::Present".to_owned());
        if tests.next().is_some() {
            bail!("a condition has at most one test: is, isNot, has, absent or disabled");
        }
        if self.disabled && self.arg.is_none() {
            bail!("only a flag can be disabled");
        }
        if self.hidden && (self.env.is_none() || self.arg.is_some() || test != "Test::Present") {
            bail!("only a variable can be hidden, and then it has no test");
        }
        let tests_a_value =
            self.arg.is_some() || self.env.is_some() || self.annotation.is_some() || self.label.is_some();
        if !tests_a_value && test != "Test::Present" {
            bail!("only arg, env, annotation and label can have a test");
        }
        if self.port.is_some() != self.readiness_probe.is_some() {
            bail!("a readinessProbe must have a port, and nothing else may");
        }
        Ok(test)
    }
}

/// The code of a list of conditions.
pub(crate) fn conditions(conditions: &[Condition]) -> Rust {
    let conditions: anyhow::Result<Vec<_>> = conditions.iter().map(Condition::to_rust).collect();
    Ok(format!("&[{}]", conditions?.join(", ")))
}
