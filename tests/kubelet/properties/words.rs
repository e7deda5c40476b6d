//! How faults are described: without names, so that those of one sort count as one.

use serde_json::Value;

use super::setting::Setting;
use crate::needs::{About, World};
use crate::pod::{Container, Pod};
use crate::products;
use crate::startup::Outcome;

/// The first container that holds up the others, in words that leave out names.
pub(super) fn why_stuck(pod: &Pod<'_>, sent: &Pod<'_>, world: &World, outcome: &Outcome) -> String {
    let mut stuck = outcome.0.iter().filter(|seen| seen.gate.is_none() || seen.up.is_none());
    // A sidecar that is not up, but whose gate is open, holds nobody.
    let Some(seen) = stuck.clone().find(|seen| seen.gate.is_none()).or_else(|| stuck.next()) else {
        return String::new();
    };
    let Some(container) = pod.find(&seen.name) else { return String::new() };
    let was = sent.find(&seen.name);
    let moved = match (was, container.is_native) {
        (Some(was), true) if !was.is_init => "moved ",
        (None, _) => "injected ",
        _ => "",
    };
    let role = match (container.is_init, container.is_native) {
        (true, true) => "sidecar",
        (true, false) => "init container",
        (false, _) => "entry of containers",
    };
    let gate = if container.is_ordinary_init() {
        "exit"
    } else if seen.up.is_none() {
        "up"
    } else {
        gate_kind(container.json)
    };
    let had_gate = was.is_some_and(|was| gate_kind(was.json) == gate_kind(container.json));
    let added = if had_gate || container.is_ordinary_init() { "" } else { " (added)" };
    let reason =
        unmet(pod, sent, world, outcome, seen.up.is_none() || container.is_ordinary_init(), &seen.name);
    format!("{moved}{role} waits for its {gate}{added}: {reason}")
}

/// The need that keeps a container, or its gate, waiting.
fn unmet(pod: &Pod<'_>, sent: &Pod<'_>, world: &World, outcome: &Outcome, is_up: bool, name: &str) -> String {
    let is_met = |name: &String| outcome.of(name).is_some_and(|seen| seen.up.is_some());
    let needs = world.of(name).filter(|need| !need.providers.iter().any(is_met)).filter_map(|need| {
        let about = match (&need.about, is_up) {
            (About::Volume(_), true) => "reads files",
            (About::Wait(_), true) => "waits for a port",
            (About::Network, true) => "uses the network",
            (About::Port(_), false) => "asks a port",
            (About::GateFile(_), false) => "asks for a file",
            (About::ConfigFile, false) => "has a config file",
            (About::MutualTls, false) => "is behind mutual TLS",
            _ => return None,
        };
        let provider = need.providers.first().and_then(|name| pod.find(name));
        Some((
            need,
            provider.map_or(about.to_owned(), |provider| format!("{about} of {}", role_of(provider, sent))),
        ))
    });
    let first = needs.min_by_key(|(need, _)| need.about.clone());
    let is_proxy_down =
        products::REDIRECTS.iter().any(|(_, proxy)| outcome.of(proxy).is_some_and(|seen| seen.up.is_none()));
    let other = if is_proxy_down {
        "goes through a proxy that is not up"
    } else {
        "asks for what its product does not serve"
    };
    first.map_or(other.to_owned(), |(_, reason)| reason)
}

fn role_of(container: &Container<'_>, sent: &Pod<'_>) -> &'static str {
    match (container.is_init, container.is_native, sent.find(container.name).is_none()) {
        (true, false, true) => "an injected init container",
        (_, _, true) => "an injected proxy or agent",
        (true, true, _) => "a sidecar",
        (true, false, _) => "an init container",
        (false, ..) if products::is_known_sidecar(container) => "a classic sidecar",
        (false, ..) => "an entry of containers",
    }
}

/// What the gate of a container is made of.
pub(super) fn gate_kind(container: &Value) -> &'static str {
    let kind = |handler: &Value| {
        ["httpGet", "tcpSocket", "grpc", "exec", "sleep"].into_iter().find(|kind| handler[kind].is_object())
    };
    let (probe, hook) = (kind(&container["startupProbe"]), kind(&container["lifecycle"]["postStart"]));
    match (probe, hook) {
        (Some(_), Some(_)) => "postStart or startupProbe",
        (Some("exec"), _) => "startupProbe exec",
        (Some(_), _) => "startupProbe by network",
        (None, Some(_)) => "postStart",
        (None, None) => "process",
    }
}

pub(super) fn told(setting: &Setting<'_>, world: &World, outcome: &Outcome) -> String {
    let needs = world.needs.iter().map(|need| {
        let strength = if need.is_proven { "proven" } else { "possible" };
        format!("{} {:?} -> {:?} ({strength})", need.asker, need.about, need.providers)
    });
    let needs = needs.collect::<Vec<_>>().join("; ");
    let meshes = if setting.cluster.is_native { "native" } else { "classic" };
    format!("  injectors: {meshes}\n  needs: {needs}\n  {}", outcome.to_text())
}

/// A text without names in quotes and numbers.
pub(super) fn without_names(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let is_name = word.contains(['"', '/', '-']) || word.chars().any(|c| c.is_ascii_digit());
        if is_name { "…" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}
