//! Makes a classic sidecar hold the application: it comes first, with a `postStart` hook that blocks until it is ready.

use serde_json::{Value, json};

use crate::catalogue::PortSource;
use crate::command::{Ends, outcome};
use crate::edit::Draft;
use crate::gate::hook_is_gate;
use crate::image;
use crate::pod::{Container, ContainerKind, Pod};
use crate::repair::{Refusal, Task, safety};
use crate::settings::Settings;

/// Names the container that `kubectl logs` and `kubectl exec` take where none is named; the first one, where it is not set.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// Gives the sidecar in which something was found a hook, and lists it first.
///
/// # Errors
/// Why it stays as it is.
pub(crate) fn make(task: &Task<'_>, draft: &mut Draft<'_>) -> Result<String, Refusal> {
    let Task { pod, settings, place, .. } = *task;
    let container = task.container()?;
    if pod.should_complete {
        return Err("in a Pod that should complete, a hook that times out leaves the sidecar dead".into());
    }
    if pod.spec().is_windows() {
        return Err("the Pod runs on Windows".into());
    }
    safety::has_network_when_held(pod, container)?;
    safety::hook_returns(pod, container)?;
    let hook = match container.fields.post_start() {
        Some(hook) if hook_is_gate(hook) => None,
        Some(_) => return Err("a postStart hook that does not block is in the way".into()),
        None => Some(wait_command(pod, container, settings)?),
    };
    let name = container.name();
    let mut done = Vec::new();
    if let Some(command) = hook {
        draft.set(place, &["lifecycle", "postStart"], json!({"exec": {"command": command}}));
        done.push("gave it a blocking postStart hook");
    }
    let is_app = |place: &usize| {
        pod.containers.get(*place).is_some_and(|other| matches!(other.kind, ContainerKind::App))
    };
    let first_app = draft.apps().iter().position(is_app);
    let own = draft.apps().iter().position(|other| *other == place);
    if let (Some(first_app), Some(own)) = (first_app, own)
        && first_app < own
    {
        let target = if container.redirects_traffic() { 0 } else { first_app };
        draft.move_among_apps(target, place);
        let first = pod.containers.iter().find(|other| !other.is_init());
        if let Some(first) =
            first.filter(|_| target == 0 && pod.annotations().get(DEFAULT_CONTAINER).is_none())
        {
            draft.set_in_template(
                &["metadata", "annotations", DEFAULT_CONTAINER],
                Value::from(&*first.fields.name),
            );
        }
        done.push("listed it first");
    }
    Ok(format!("sidecar {name}: {}", done.join(", ")))
}

/// A command that blocks until the sidecar is ready: the operator's, upstream's, or a loop around the sidecar's own probe.
fn wait_command(
    pod: &Pod<'_>,
    container: &Container<'_>,
    settings: &Settings,
) -> Result<Vec<String>, Refusal> {
    let repository = image::repository(&container.fields.image);
    let declaration = settings.declaration(&container.fields.name, &repository);
    if let Some(command) = declaration.map(|sidecar| &sidecar.wait_command).filter(|words| !words.is_empty())
    {
        return Ok(command.clone());
    }
    let row = container.sidecar().and_then(|facts| facts.row);
    let Some(row) = row else { return Err("no command is known that waits for it".into()) };
    if let Some(wait) = &row.wait_command {
        let candidate = pod.candidate(container, &repository);
        if let Some((words, port)) = wait.proven(row, candidate)
            && let Some(command) = on_port(words, port, wait.port.as_ref())
        {
            return Ok(command);
        }
    }
    if row.needs_app {
        return Err("its readiness depends on the application".into());
    }
    let fields = container.fields;
    let probes = ["startupProbe", "readinessProbe", "livenessProbe"].into_iter();
    let mut commands = probes.filter_map(|field| fields.probe(field)?.exec.as_ref()?.command.as_deref());
    let command = commands.find(|words| outcome(words).ends == Ends::Unknown);
    let Some(command) = command.filter(|_| row.has_shell && row.has_image(&repository)) else {
        return Err("no command is known that waits for it".into());
    };
    let Ok(command) = shlex::try_join(command.iter().map(String::as_str)) else {
        return Err("the command of its probe cannot be written in a script".into());
    };
    // The kubelet sets no limit to a hook, and a command of a probe may hang: the loop runs beside the shell, which ends it in time.
    // None of them keeps the streams open, since the kubelet waits for these, too.
    let seconds = settings.hold_application.timeout_seconds;
    let script = format!(
        "(until {command}; do sleep 1; done) >/dev/null 2>&1 & loop=$!; \
         (sleep {seconds}; kill \"$loop\") >/dev/null 2>&1 & limit=$!; \
         wait \"$loop\"; code=$?; kill \"$limit\"; exit \"$code\""
    );
    Ok(vec!["sh".to_owned(), "-c".to_owned(), script])
}

/// A command that asks at a port: in the word that has one, or, where none has, at the port that the program asks at by itself.
fn on_port(words: &[&str], port: Option<u16>, source: Option<&PortSource>) -> Option<Vec<String>> {
    let Some(port) = port else { return Some(words.iter().map(|word| (*word).to_owned()).collect()) };
    let mut is_told = source.and_then(|source| source.default) == Some(port);
    let tell = |word: &&str| {
        let (flag, value) = word.rsplit_once('=').map_or(("", *word), |(flag, value)| (flag, value));
        let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        is_told |= is_number;
        match (is_number, flag) {
            (false, _) => (*word).to_owned(),
            (true, "") => port.to_string(),
            (true, flag) => format!("{flag}={port}"),
        }
    };
    let words = words.iter().map(tell).collect();
    is_told.then_some(words)
}
