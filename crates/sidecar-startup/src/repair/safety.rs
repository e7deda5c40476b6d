//! What repairs compare before they add or move a container or replace a probe: ports, volumes and probes.

use k8s_openapi::api::core::v1::{ContainerPort, Probe};
use serde_json::Value;

use crate::command::{may_wait, possible_ports};
use crate::finding::Refusal;
use crate::model::template::Kind;
use crate::model::timing::Timing;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::pod::listeners::claimed_ports;
use crate::repair::draft::Draft;
use crate::settings::oldest_kubernetes::OldestKubernetes;

/// A host port that another entry of `containers` uses, too. Within that list the API server rejects this; across the two lists it does
/// not check (`checkHostPortConflicts` in `pkg/apis/core/validation/validation.go`).
pub(crate) fn clashing_host_port(pod: &Pod<'_>, container: &Container<'_>) -> Option<i32> {
    let is_of_host = pod.spec().host_network;
    let host_port = |port: &ContainerPort| {
        let number =
            port.host_port.or(is_of_host.then_some(port.container_port)).filter(|port| *port != 0)?;
        let protocol = port.protocol.clone().filter(|protocol| !protocol.is_empty());
        let address = port.host_ip.clone().unwrap_or_default();
        Some((number, protocol.unwrap_or_else(|| "TCP".to_owned()), address))
    };
    let others = pod.app_list().filter(|other| other.id != container.id);
    let taken: Vec<_> = others.flat_map(|other| &other.fields.ports).filter_map(host_port).collect();
    let own = container.fields.ports.iter().filter_map(host_port).filter(|own| taken.contains(own));
    // The same one, in whichever order they are listed.
    own.map(|(number, ..)| number).min()
}

/// Checks that no application waits in its `preStop` hook until a container has ended: as a sidecar container, that ends after them
/// (<https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#termination-with-sidecars>).
///
/// # Errors
/// Who may wait.
pub(crate) fn is_not_awaited_at_the_end(pod: &Pod<'_>, container: &Container<'_>) -> Result<(), Refusal> {
    let may_be_its = |port: &u16| {
        let port = i32::from(*port);
        container.declares(port) || !pod.containers.iter().any(|other| other.declares(port))
    };
    let waits = |app: &&Container<'_>| {
        let hook = app.fields.pre_stop().and_then(|hook| hook.exec.as_ref());
        let words = hook.and_then(|exec| exec.command.as_deref()).unwrap_or_default();
        may_wait(words)
            && (pod.spec().share_process_namespace || possible_ports(words).iter().any(may_be_its))
    };
    match pod.app_list().filter(|other| other.is_app()).find(waits) {
        Some(app) => Err(format!(
            "the preStop hook of {} may wait until it has ended, and a sidecar container ends after the application",
            app.name()
        )
        .into()),
        None => Ok(()),
    }
}

/// Checks that the oldest control plane of the settings sees the ports of a container that becomes a sidecar container. Before 1.33, a
/// Service finds no port by name there (<https://github.com/kubernetes/kubernetes/issues/127958>; #128850 was not backported). Before
/// 1.33.6, the scheduler sees no host port there and may put two such Pods on a node (#132040, #133390).
///
/// # Errors
/// What it does not see.
pub(crate) fn ports_are_seen(
    pod: &Pod<'_>,
    container: &Container<'_>,
    oldest: &OldestKubernetes,
) -> Result<(), Refusal> {
    let is_named = |port: &ContainerPort| port.name.as_ref().is_some_and(|name| !name.is_empty());
    let is_of_host =
        |port: &ContainerPort| pod.spec().host_network || port.host_port.is_some_and(|number| number != 0);
    let has = |is_such: &dyn Fn(&ContainerPort) -> bool| container.fields.ports.iter().any(is_such);
    if oldest.is_before(&[1, 33]) && has(&is_named) {
        return Err(format!(
            "with Kubernetes {oldest}, a Service finds no named port of a sidecar container (from 1.33 on, it does)"
        )
        .into());
    }
    if oldest.is_before(&[1, 33, 6]) && has(&is_of_host) {
        return Err(format!(
            "with Kubernetes {oldest}, the scheduler does not see the host ports of a sidecar container (from 1.33.6 on, it does)"
        )
        .into());
    }
    Ok(())
}

/// A port that a container would declare, and the container of the Pod that has it already, by its `containerPort`s or by its words: both would try to listen there.
pub(crate) fn shared_port<'p, 'a>(
    pod: &'p Pod<'a>,
    newcomer: &Container<'_>,
) -> Option<(i32, &'p Container<'a>)> {
    let key =
        |port: &ContainerPort| (port.container_port, port.protocol.clone().filter(|name| name != "TCP"));
    let others = pod.containers.iter().filter(|other| !other.is_init_task());
    let taken: Vec<_> =
        others.flat_map(|other| other.fields.ports.iter().map(move |port| (key(port), other))).collect();
    let is_tcp = |port: &ContainerPort| key(port).1.is_none();
    newcomer.fields.ports.iter().find_map(|own| {
        let declared = taken.iter().find(|(port, _)| *port == key(own)).map(|(_, other)| *other);
        let listens = |other: &&Container<'_>| {
            is_tcp(own) && !other.is_init_task() && claimed_ports(other).contains(&own.container_port)
        };
        let other = declared.or_else(|| pod.containers.iter().find(listens))?;
        Some((own.container_port, other))
    })
}

/// Whether a container declares ports, or its `startupProbe` asks for one.
pub(crate) fn uses_ports(container: &Container<'_>) -> bool {
    let probe = container.fields.startup_probe.as_ref();
    !container.fields.ports.is_empty()
        || probe.is_some_and(|probe| {
            probe.http_get.is_some() || probe.tcp_socket.is_some() || probe.grpc.is_some()
        })
}

/// Checks that a Pod has the volumes that a container uses. Those of a StatefulSet get one for each of its `volumeClaimTemplates`, of that
/// name (`updateStorage` in `pkg/controller/statefulset/stateful_set_utils.go`).
///
/// # Errors
/// The first one that it lacks.
pub(crate) fn has_volumes(pod: &Pod<'_>, draft: &Draft<'_>, container: &Value) -> Result<(), Refusal> {
    let lists =
        ["volumeMounts", "volumeDevices"].into_iter().filter_map(|key| container.get(key)?.as_array());
    let mut used = lists.flatten().filter_map(|item| item.get("name")?.as_str());
    let claims = if pod.kind == Kind::StatefulSet { draft.claim_templates() } else { Vec::new() };
    let claimed = claims.iter().filter_map(|claim| claim.pointer("/metadata/name"));
    let volumes = draft.volumes();
    let names: Vec<_> = volumes.iter().filter_map(|volume| volume.get("name")).chain(claimed).collect();
    let is_missing = |name: &&str| names.iter().all(|other| *other != name);
    match used.find(is_missing) {
        Some(volume) => Err(format!("it uses volume {volume:?}, which spec.volumes lacks").into()),
        None => Ok(()),
    }
}

/// Checks that a Pod which demands that nobody runs as root knows the user of an inserted container: its image may name none, or root, and
/// the kubelet does not start it then (`verifyRunAsNonRoot` in `pkg/kubelet/kuberuntime/security_context_others.go`).
///
/// # Errors
/// It does not.
pub(crate) fn has_user(pod: &Pod<'_>, container: &Value) -> Result<(), Refusal> {
    let own = container.get("securityContext");
    let says = |key: &str| own.and_then(|own| own.get(key)).is_some_and(|value| !value.is_null());
    if pod.spec().requires_images_without_root() && !says("runAsUser") && !says("runAsNonRoot") {
        return Err("the Pod has runAsNonRoot, and the image to insert may run as root".into());
    }
    Ok(())
}

/// Checks that an inserted container does without privileges if all others do: their namespace may demand it, as the Pod Security
/// Standard "restricted" does (`staging/src/k8s.io/pod-security-admission/policy`).
///
/// # Errors
/// What it leaves to be set.
pub(crate) fn has_no_privileges(draft: &Draft<'_>, container: &Value) -> Result<(), Refusal> {
    let forbids_escalation =
        |context: &Value| context.get("allowPrivilegeEscalation") == Some(&Value::Bool(false));
    let drops_all = |context: &Value| {
        let dropped = context.pointer("/capabilities/drop").and_then(Value::as_array);
        dropped.is_some_and(|dropped| dropped.iter().any(|capability| capability == "ALL"))
    };
    let refuses_root = |context: &Value| context.get("runAsNonRoot") == Some(&Value::Bool(true));
    let has_seccomp = |context: &Value| context.get("seccompProfile").is_some_and(Value::is_object);
    let own = container.get("securityContext").cloned().unwrap_or_default();
    let others: Vec<_> =
        draft.init().iter().chain(draft.apps()).map(|id| draft.get(*id, "securityContext")).collect();
    for (does, field) in [
        (&forbids_escalation as &dyn Fn(&Value) -> bool, "allowPrivilegeEscalation: false"),
        (&drops_all, "capabilities.drop: [ALL]"),
        (&refuses_root, "runAsNonRoot: true"),
        (&has_seccomp, "seccompProfile"),
    ] {
        if !does(&own) && others.iter().all(|other| other.as_ref().is_some_and(does)) {
            return Err(format!("all other containers set {field}, and the one to insert does not").into());
        }
    }
    Ok(())
}

/// Whether two probes check the same thing, equally often and for equally long.
pub(crate) fn is_alike(one: &Probe, other: &Probe) -> bool {
    Timing::of(one) == Timing::of(other) && asks_alike(one, other)
}

/// Whether two probes check the same thing.
pub(crate) fn asks_alike(one: &Probe, other: &Probe) -> bool {
    let http = |probe: &Probe| {
        probe.http_get.as_ref().map(|request| {
            let path = request.path.clone().unwrap_or_else(|| "/".to_owned());
            let scheme = request.scheme.clone().unwrap_or_else(|| "HTTP".to_owned());
            (path, request.port.clone(), scheme, request.http_headers.clone().unwrap_or_default())
        })
    };
    let socket = |probe: &Probe| probe.tcp_socket.as_ref().map(|socket| socket.port.clone());
    let grpc = |probe: &Probe| probe.grpc.as_ref().map(|grpc| grpc.port);
    one.exec == other.exec
        && http(one) == http(other)
        && socket(one) == socket(other)
        && grpc(one) == grpc(other)
}
