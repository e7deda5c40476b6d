//! The rows of the catalogue.

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use crate::condition::{Condition, Rust, conditions};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "they are fields of the file")]
pub(crate) struct Row {
    name: String,
    #[serde(default)]
    pub(crate) container_names: Vec<String>,
    #[serde(default)]
    related_init_containers: Vec<String>,
    #[serde(default)]
    pub(crate) images: Vec<String>,
    #[serde(default)]
    runs: Vec<String>,
    r#match: Match,
    #[serde(default)]
    only_when: Vec<Condition>,
    #[serde(default)]
    except_when: Vec<Condition>,
    #[serde(default)]
    stub_when: Vec<Condition>,
    need: Need,
    #[serde(default)]
    beside_app: bool,
    #[serde(default)]
    served_by_init: bool,
    #[serde(default)]
    never_one_shot: Vec<String>,
    #[serde(default)]
    redirects_traffic: bool,
    #[serde(default)]
    ends_itself: bool,
    #[serde(default)]
    may_end_when: Vec<Condition>,
    #[serde(default)]
    may_be_ended_when: Vec<Condition>,
    #[serde(default)]
    ends_others: bool,
    #[serde(default)]
    needs_app: bool,
    native_gate: Option<String>,
    may_follow_application: Option<String>,
    follows_application: Option<Injectable>,
    startup_probe: Option<Injectable>,
    wait_command: Option<Injectable>,
    #[serde(default)]
    writes: bool,
    health: Option<Health>,
    #[serde(default)]
    localhost_unless: Vec<Condition>,
    #[serde(default)]
    shell: bool,
    #[serde(default)]
    hint: String,
    #[serde(default)]
    switch_on: Vec<String>,
    source: String,
    checked: String,
}

#[derive(Debug, Deserialize)]
enum Match {
    Name,
    Image,
    Either,
    Both,
    Declared,
}

#[derive(Debug, Deserialize)]
enum Need {
    AtStart,
    Helper,
    None,
}

/// A `path`, `probe` or `command`, and the conditions under which it may be used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Injectable {
    path: Option<String>,
    probe: Option<Value>,
    command: Option<Vec<String>>,
    port: Option<PortSource>,
    #[serde(default)]
    when: Vec<Condition>,
}

/// Where a health server listens, and when the kubelet does not reach it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Health {
    port: PortSource,
    off_when: Vec<Condition>,
    local_when: Vec<Condition>,
    doubt_when: Vec<Condition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PortSource {
    arg: Option<String>,
    env: Option<String>,
    named: Option<String>,
    default: Option<u16>,
}

fn port_source(PortSource { arg, env, named, default }: &PortSource) -> String {
    let flag = arg.as_ref().map(|flag| flag.trim_start_matches('-'));
    format!("PortSource {{ arg: {flag:?}, env: {env:?}, named: {named:?}, default: {default:?} }}")
}

/// The code of an optional health server.
fn health(health: Option<&Health>) -> Rust {
    let Some(Health { port, off_when, local_when, doubt_when }) = health else {
        return Ok("None".to_owned());
    };
    Ok(format!(
        "Some(Health {{ port: {}, off_when: {}, local_when: {}, doubt_when: {} }})",
        port_source(port),
        conditions(off_when)?,
        conditions(local_when)?,
        conditions(doubt_when)?
    ))
}

/// The code of an optional injectable; `what` extracts the code of its probe, command or path.
fn injectable(injectable: Option<&Injectable>, what: impl Fn(&Injectable) -> Option<String>) -> Rust {
    let Some(injectable) = injectable else { return Ok("None".to_owned()) };
    let port =
        injectable.port.as_ref().map_or("None".to_owned(), |port| format!("Some({})", port_source(port)));
    let when = conditions(&injectable.when)?;
    let what = what(injectable)
        .context("followsApplication needs a path, startupProbe a probe, and waitCommand a command")?;
    Ok(format!("Some(Injectable {{ what: {what}, port: {port}, when: {when} }})"))
}

/// The code of arguments that only people need.
fn switch_on(arguments: &[String]) -> String {
    match arguments {
        [] => "&[]".to_owned(),
        _ => format!("if cfg!(feature = \"texts\") {{ &{arguments:?} }} else {{ &[] }}"),
    }
}

impl Row {
    /// The code of this row.
    pub(crate) fn to_rust(&self) -> Rust {
        let follows = injectable(self.follows_application.as_ref(), |known| {
            Some(format!("{:?}", known.path.as_ref()?))
        })?;
        let probe = injectable(self.startup_probe.as_ref(), |known| {
            Some(format!("{:?}", known.probe.as_ref()?.to_string()))
        })?;
        let command =
            injectable(self.wait_command.as_ref(), |known| Some(format!("&{:?}", known.command.as_ref()?)))?;
        let fields = [
            ("name", format!("{:?}", self.name)),
            ("container_names", format!("&{:?}", self.container_names)),
            ("related_init_containers", format!("&{:?}", self.related_init_containers)),
            ("images", format!("&{:?}", self.images)),
            ("runs", format!("&{:?}", self.runs)),
            ("matched_by", format!("Match::{:?}", self.r#match)),
            ("only_when", conditions(&self.only_when)?),
            ("except_when", conditions(&self.except_when)?),
            ("stub_when", conditions(&self.stub_when)?),
            ("need", format!("Need::{:?}", self.need)),
            ("beside_app", self.beside_app.to_string()),
            ("served_by_init", self.served_by_init.to_string()),
            ("never_one_shot", format!("&{:?}", self.never_one_shot)),
            ("redirects_traffic", self.redirects_traffic.to_string()),
            ("ends_itself", self.ends_itself.to_string()),
            ("may_end_when", conditions(&self.may_end_when)?),
            ("may_be_ended_when", conditions(&self.may_be_ended_when)?),
            ("ends_others", self.ends_others.to_string()),
            ("needs_app", self.needs_app.to_string()),
            ("native_gate", format!("{:?}", self.native_gate)),
            ("may_follow_application", format!("{:?}", self.may_follow_application)),
            ("follows_application", follows),
            ("startup_probe", probe),
            ("wait_command", command),
            ("writes", self.writes.to_string()),
            ("health", health(self.health.as_ref())?),
            ("localhost_unless", conditions(&self.localhost_unless)?),
            ("has_shell", self.shell.to_string()),
            ("hint", format!("{:?}", self.hint.replace("{switchOn}", &self.switch_on.join(" ")))),
            ("switch_on", switch_on(&self.switch_on)),
            ("source", format!("texts({:?})", self.source)),
            ("checked", format!("texts({:?})", self.checked)),
        ];
        let is_said =
            |(_, value): &&(&str, String)| !matches!(value.as_str(), "&[]" | "false" | "None" | "\"\"");
        let said = fields.iter().filter(is_said);
        let fields: String = said.map(|(name, value)| format!("    {name}: {value},\n")).collect();
        Ok(format!("Row {{\n{fields}    ..Row::BLANK\n}}"))
    }
}
