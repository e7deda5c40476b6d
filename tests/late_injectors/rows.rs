//! The rows of the catalogue with a `startupProbe`, and what the companion makes of each.

use acceptance::library::catalogue::ROWS;
use acceptance::library::catalogue::injectable::Injectable;
use acceptance::library::catalogue::row::Row;
use serde_json::Value;
use sidecar_startup::Need;

use crate::conditions::{Reason, all_of, image, none_of, none_twice, port};
use crate::patterns as re;

/// A row in CEL.
pub(crate) struct Entry {
    /// The name of the variable with the indices of its containers.
    pub(crate) variable: String,
    /// The conditions on the container with the index `i`, one a line.
    pub(crate) conditions: Vec<String>,
    /// Its probe, for the container with the index `i`.
    pub(crate) probe: String,
}

/// A row with a probe, and its entry or why it has none.
pub(crate) struct Planned {
    pub(crate) row: &'static Row,
    pub(crate) entry: Result<Entry, Reason>,
}

/// All rows with a probe, in the order of the catalogue.
pub(crate) fn planned() -> impl Iterator<Item = Planned> {
    let probed = ROWS.iter().filter_map(|row| Some((row, row.startup_probe.as_ref()?)));
    probed.map(|(row, probe)| Planned { row, entry: entry(row, probe) })
}

/// The rows of a mesh's proxy.
pub(crate) fn proxies() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| row.redirects_traffic)
}

/// Whether a probe runs in the container, so that no mesh can stand in its way.
pub(crate) fn is_exec(probe: &Value) -> bool {
    probe.get("exec").is_some()
}

fn entry(row: &'static Row, injectable: &Injectable<&'static str>) -> Result<Entry, Reason> {
    let probe: Value = serde_json::from_str(injectable.what).map_err(|_| "its probe is no JSON")?;
    if row.need != Need::AtStart {
        return Err("the application does not need it at start");
    }
    if row.redirects_traffic && !is_exec(&probe) {
        return Err("it is a mesh's proxy, and its probe is no exec");
    }
    let mut conditions = vec![
        format!("variables.containers[i].name.matches(r'{}')", re::names(row.container_names)),
        image(&re::repositories(row.images)),
    ];
    if !is_exec(&probe) {
        conditions.push("!variables.meshed".to_owned());
    }
    conditions.extend(all_of(row.only_when)?);
    conditions.extend(all_of(injectable.when)?);
    if let Some(health) = &row.health {
        conditions.extend(none_of(health.doubt_when)?);
    }
    let mut number = None;
    if let Some(source) = &injectable.port {
        let (is_known, value) = port(source)?;
        if is_known != "true" {
            conditions.push(is_known);
        }
        number = Some(value);
    }
    conditions.extend(none_twice(injectable.when, injectable.port.as_ref()));
    let probe = object("Object.spec.initContainers.startupProbe", &probe, number.as_deref());
    Ok(Entry { variable: row.name.replace('-', "_"), conditions, probe })
}

/// A typed object. A port is a number or a name, so its type is dynamic.
fn object(r#type: &str, value: &Value, port: Option<&str>) -> String {
    let fields = value.as_object().into_iter().flatten().map(|(name, value)| match value {
        Value::Object(_) => format!("{name}: {}", object(&format!("{type}.{name}"), value, port)),
        _ if name == "port" => {
            format!("port: dyn({})", port.map_or_else(|| value.to_string(), str::to_owned))
        }
        // JSON's text and numbers are CEL's.
        _ => format!("{name}: {value}"),
    });
    format!("{type}{{{}}}", fields.collect::<Vec<_>>().join(", "))
}
