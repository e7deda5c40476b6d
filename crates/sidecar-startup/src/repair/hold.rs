//! Makes a classic sidecar hold back the application: lists it first, with a `postStart` hook that blocks until it is ready.

use k8s_openapi::api::core::v1::{ExecAction, LifecycleHandler, Probe};
use serde_json::json;

use super::draft::{Draft, insert};
use super::edit::Edit;
use super::named_ports;
use super::plan::{Plan, Task, Trial};
use crate::catalogue::injectable::PortSource;
use crate::command::{Ends, Paths, outcome};
use crate::finding::Refusal;
use crate::model::container_id::ContainerId;
use crate::model::gate::hook_is_gate;
use crate::model::timing::Timing;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::startup::check::asks_another;
use crate::startup::context::Context;
use crate::startup::lineup::Lineup;
use crate::startup::mesh;

/// Names the default container of `kubectl logs` and `kubectl exec`. Without it, that is the first one.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// Where neither the settings nor the catalogue nor a probe tells how to wait for a sidecar.
const NO_COMMAND: &str = "no waitCommand is known; ask the operator to declare one";

/// Plans a hook for the sidecar that breaks the rule, and lists it first.
///
/// # Errors
/// Why it stays as it is.
pub(crate) fn plan(task: &Task<'_, '_>, draft: &Draft<'_>) -> Result<Plan, Refusal> {
    let context = task.context;
    let container = task.container()?;
    if context.pod.should_complete {
        return Err(
            "in a Pod that should complete, a hook that times out would leave the sidecar dead".into()
        );
    }
    if context.pod.spec().is_windows() {
        return Err("the Pod runs on Windows".into());
    }
    let mut edits = Vec::new();
    let mut done = Vec::new();
    let mut hook = None;
    match container.fields.post_start() {
        Some(hook) if hook_is_gate(hook) => {}
        Some(_) => return Err("it already has a postStart hook, which does not block".into()),
        None => {
            let command = wait_command(context, container)?;
            let value = json!({"exec": {"command": &command}});
            edits.push(Edit::Set { container: container.id, path: &["lifecycle", "postStart"], value });
            done.push("added a blocking postStart hook".to_owned());
            let exec = Some(ExecAction { command: Some(command) });
            hook = Some(LifecycleHandler { exec, ..LifecycleHandler::default() });
        }
    }
    let place = place(context, container, draft);
    if let Some(before) = place {
        if context.pod.app_list().any(|other| mesh::has_probe_of_consul(context.pod, other.fields)) {
            return Err(mesh::ORDER_OF_CONSUL.into());
        }
        named_ports::stay_among_apps(context.pod, container, draft.apps(), before)?;
        edits.push(Edit::MoveAmongApps { container: container.id, before: Some(before) });
        done.push("listed it first".to_owned());
        if let Some(app) = default_container(context, draft, before) {
            edits.push(Edit::annotation(DEFAULT_CONTAINER, app));
            done.push(format!("set the annotation {DEFAULT_CONTAINER}: {}", app.escape_debug()));
        }
    }
    if task.trial == Trial::Alone {
        opens(context, container, hook, draft, place)?;
    }
    Ok(Plan::new(format!("sidecar {}: {}", container.name(), done.join(", ")), edits))
}

/// The entry of `containers` before which a sidecar has to be listed; none if it is listed before the application already.
fn place(context: &Context<'_>, container: &Container<'_>, draft: &Draft<'_>) -> Option<ContainerId> {
    let pod = context.pod;
    let is_app = |id: &&ContainerId| pod.get(**id).is_some_and(Container::is_app);
    let app = draft.apps().iter().take_while(|id| **id != container.id).find(is_app)?;
    if container.redirects_traffic() { draft.apps().first().copied() } else { Some(*app) }
}

/// The container to name as the default one, if that is the first one, and no longer is once a sidecar is listed before `before`.
fn default_container<'p>(context: &Context<'p>, draft: &Draft<'_>, before: ContainerId) -> Option<&'p str> {
    let pod = context.pod;
    let is_named = pod.annotations().get(DEFAULT_CONTAINER).is_some();
    let first = pod.app_list().next().filter(|_| !is_named && draft.apps().first() == Some(&before))?;
    Some(&first.fields.name)
}

/// Checks that the hook returns, and keeps no other container from starting.
///
/// # Errors
/// Who would wait for whom.
fn opens(
    context: &Context<'_>,
    container: &Container<'_>,
    hook: Option<LifecycleHandler>,
    draft: &Draft<'_>,
    place: Option<ContainerId>,
) -> Result<(), Refusal> {
    let mut apps = draft.apps().to_vec();
    if let Some(before) = place {
        apps.retain(|id| *id != container.id);
        insert(&mut apps, container.id, Some(before));
    }
    let after = Lineup::with_hook(context.pod, context.settings, container.id, hook, &apps);
    context.sent().opens(&after, container).map_err(|broken| broken.reason.into())
}

/// Another sidecar that is listed before this one and may write a file for which a command looks. The kubelet starts containers one after the
/// other, so that a hook also keeps those from being restarted that have failed before (`SyncPod` in
/// `pkg/kubelet/kuberuntime/kuberuntime_manager.go`).
fn writer_before<'p>(
    pod: &'p Pod<'p>,
    container: &Container<'_>,
    command: &[String],
) -> Option<&'p Container<'p>> {
    let named = Paths::of(command.iter().map(Into::into).collect());
    let mounts = container.fields.mount_list();
    let volumes = mounts.iter().filter(|mount| named.has_below(&mount.path)).map(|mount| &*mount.volume);
    let mut writers = volumes.flat_map(|volume| pod.writers_of(volume)).filter_map(|id| pod.get(*id));
    writers.find(|other| !other.is_init() && !other.is_app() && other.is_before(container))
}

/// A command that blocks until the sidecar is ready: from the settings, from the catalogue, or a loop around the sidecar's own probe.
fn wait_command(context: &Context<'_>, container: &Container<'_>) -> Result<Vec<String>, Refusal> {
    let declared = container.declaration.map(|sidecar| &sidecar.wait_command);
    if let Some(command) = declared.filter(|words| !words.is_empty()) {
        return Ok(command.clone());
    }
    let Some(row) = container.row() else { return Err(NO_COMMAND.into()) };
    if let Some(wait) = &row.wait_command
        && let Some((words, port)) = row.proven(wait, context.pod.candidate(container))
        && let Some(command) = on_port(words, port, wait.port.as_ref())
    {
        return Ok(command);
    }
    if row.needs_app {
        return Err("its readiness depends on the application".into());
    }
    let fields = container.fields;
    let probes = ["startupProbe", "readinessProbe", "livenessProbe"].into_iter();
    let mut commands = probes.filter_map(|field| fields.probe(field)?.exec.as_ref()?.command.as_deref());
    let command = commands.find(|words| outcome(words).ends == Ends::Unknown);
    let Some(command) = command.filter(|_| row.has_shell_in(container.fields, &container.repository)) else {
        return Err(NO_COMMAND.into());
    };
    if let Some(other) = writer_before(context.pod, container, command) {
        return Err(format!(
            "its hook would wait for a file that {} may write, which the kubelet does not restart meanwhile",
            other.name()
        )
        .into());
    }
    // The kubelet expands variables in probes (`pkg/kubelet/prober/prober.go`), and leaves hooks as they are
    // (`pkg/kubelet/lifecycle/handlers.go`).
    if command.iter().any(|word| word.contains("$(") || word.contains("$$")) {
        return Err("the kubelet expands the variables in its probe, but none in a hook".into());
    }
    let seconds = context.settings.hold_application.timeout_seconds;
    has_time(container, seconds, context.settings.startup_seconds.maximum)?;
    let asking = Probe { exec: Some(ExecAction { command: Some(command.to_vec()) }), ..Probe::default() };
    if let Some(asked) = asks_another(context.sent().lineup(), container, Some(asking)) {
        return Err(format!("the command of its probe would not check this sidecar: it {asked}").into());
    }
    let Ok(command) = shlex::try_join(command.iter().map(String::as_str)) else {
        return Err("the command of its probe cannot be quoted for a shell".into());
    };
    // The kubelet has no time limit for hooks, and a probe's command may hang. So the loop runs in the background, and the shell kills
    // it when time is up. Neither keeps the output streams open, since the kubelet waits for those, too.
    let script = format!(
        "(until {command}; do sleep 1; done) >/dev/null 2>&1 & loop=$!; \
         (sleep {seconds}; kill \"$loop\") >/dev/null 2>&1 & limit=$!; \
         wait \"$loop\"; code=$?; kill \"$limit\"; exit \"$code\""
    );
    Ok(vec!["sh".to_owned(), "-c".to_owned(), script])
}

/// Checks that no probe of a sidecar gives it longer to start than a hook, after whose `seconds` the kubelet kills it. A readinessProbe that
/// fails kills nothing; one that may fail for longer than `maximum`, in seconds, shows that the sidecar may need that.
///
/// # Errors
/// Which probe does.
fn has_time(container: &Container<'_>, seconds: u32, maximum: u32) -> Result<(), Refusal> {
    for field in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let Some(timing) = container.fields.probe(field).map(Timing::of) else { continue };
        let given = match field {
            "startupProbe" => timing.budget(),
            "readinessProbe" if u64::from(maximum) < timing.budget() => timing.budget(),
            _ => timing.initial_delay,
        };
        if u64::from(seconds) < given {
            return Err(format!(
                "its {field} gives it {given} s to start, but the hook would have only {seconds} s"
            )
            .into());
        }
    }
    Ok(())
}

/// A command that checks this port: the word with a port gets the new one. Without such a word, the port must be the program's default.
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
