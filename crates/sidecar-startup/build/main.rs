//! Compiles `src/catalogue.yaml` into constants for `src/catalogue.rs`, so that nothing is parsed at run time.

use std::collections::BTreeMap;
use std::{env, error::Error, fs, path::Path};

use serde::Deserialize;
use serde_json::Value;

use self::condition::{Condition, Rust, conditions};

mod condition;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "they are fields of the file")]
struct Row {
    name: String,
    #[serde(default)]
    container_names: Vec<String>,
    #[serde(default)]
    related_init_containers: Vec<String>,
    #[serde(default)]
    images: Vec<String>,
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
    ends_others: bool,
    #[serde(default)]
    needs_app: bool,
    native_gate: Option<String>,
    follows_application: Option<Injectable>,
    startup_probe: Option<Injectable>,
    wait_command: Option<Injectable>,
    #[serde(default)]
    writes: bool,
    health: Option<Health>,
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
        .ok_or("followsApplication needs a path, startupProbe a probe, and waitCommand a command")?;
    Ok(format!("Some(Injectable {{ what: {what}, port: {port}, when: {when} }})"))
}

/// The code of the index from container names and last components of image repositories to rows. A set of rows is a `u64` with one
/// bit per row.
fn index(rows: &[Row]) -> String {
    let mut names = BTreeMap::<&str, u64>::new();
    let mut tails = BTreeMap::<&str, u64>::new();
    for (position, row) in rows.iter().enumerate() {
        let bit = 1 << position;
        for name in &row.container_names {
            *names.entry(name).or_default() |= bit;
        }
        for image in &row.images {
            *tails.entry(image.rsplit('/').next().unwrap_or(image)).or_default() |= bit;
        }
    }
    let (name_globs, names): (Vec<_>, Vec<_>) = names.into_iter().partition(|(name, _)| name.contains('*'));
    let (tail_globs, tails): (Vec<_>, Vec<_>) = tails.into_iter().partition(|(tail, _)| tail.contains('*'));
    format!(
        "Index {{ names: &{names:?}, name_globs: &{name_globs:?}, image_tails: &{tails:?}, image_tail_globs: &{tail_globs:?} }}"
    )
}

/// The code of arguments that only people need.
fn switch_on(arguments: &[String]) -> String {
    match arguments {
        [] => "&[]".to_owned(),
        _ => format!("if cfg!(feature = \"texts\") {{ &{arguments:?} }} else {{ &[] }}"),
    }
}

/// The code of a row.
fn row(row: &Row) -> Rust {
    let follows =
        injectable(row.follows_application.as_ref(), |known| Some(format!("{:?}", known.path.as_ref()?)))?;
    let probe = injectable(row.startup_probe.as_ref(), |known| {
        Some(format!("{:?}", known.probe.as_ref()?.to_string()))
    })?;
    let command =
        injectable(row.wait_command.as_ref(), |known| Some(format!("&{:?}", known.command.as_ref()?)))?;
    let fields = [
        ("name", format!("{:?}", row.name)),
        ("container_names", format!("&{:?}", row.container_names)),
        ("related_init_containers", format!("&{:?}", row.related_init_containers)),
        ("images", format!("&{:?}", row.images)),
        ("matched_by", format!("Match::{:?}", row.r#match)),
        ("only_when", conditions(&row.only_when)?),
        ("except_when", conditions(&row.except_when)?),
        ("stub_when", conditions(&row.stub_when)?),
        ("need", format!("Need::{:?}", row.need)),
        ("beside_app", row.beside_app.to_string()),
        ("served_by_init", row.served_by_init.to_string()),
        ("never_one_shot", format!("&{:?}", row.never_one_shot)),
        ("redirects_traffic", row.redirects_traffic.to_string()),
        ("ends_itself", row.ends_itself.to_string()),
        ("ends_others", row.ends_others.to_string()),
        ("needs_app", row.needs_app.to_string()),
        ("native_gate", format!("{:?}", row.native_gate)),
        ("follows_application", follows),
        ("startup_probe", probe),
        ("wait_command", command),
        ("writes", row.writes.to_string()),
        ("health", health(row.health.as_ref())?),
        ("has_shell", row.shell.to_string()),
        ("hint", format!("{:?}", row.hint.replace("{switchOn}", &row.switch_on.join(" ")))),
        ("switch_on", switch_on(&row.switch_on)),
        ("source", format!("texts({:?})", row.source)),
        ("checked", format!("texts({:?})", row.checked)),
    ];
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("    {name}: {value},\n")).collect();
    Ok(format!("Row {{\n{}}}", fields.concat()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let source = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("src/catalogue.yaml");
    println!("cargo::rerun-if-changed={}", source.display());
    let catalogue = manifest::parse_one(&fs::read_to_string(source)?)?;
    let catalogue: Vec<Row> = serde_json::from_value(catalogue)?;

    let out_dir = env::var("OUT_DIR")?;
    fs::write(Path::new(&out_dir).join("index.rs"), index(&catalogue))?;
    let rows: Result<Vec<_>, _> = catalogue.iter().map(row).collect();
    fs::write(Path::new(&out_dir).join("rows.rs"), format!("&[\n{},\n]\n", rows?.join(",\n")))?;
    Ok(())
}
