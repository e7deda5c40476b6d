//! The universal sidecar: two copies of a classic sidecar, exactly one of which runs as the sidecar, both on nodes that support sidecar
//! containers (kubelet 1.29 and later) and on nodes that do not (before 1.28; 1.28 itself rejects such Pods).
//!
//! The *native copy* is an init container with `restartPolicy: Always`. A kubelet that does not know this field treats it as an ordinary
//! init container, waits until it exits, and continues; one that does restarts it. So its first run in a sandbox writes `init` to a
//! volume that both copies share, and exits. A run that finds `init` there has been restarted: it writes `native` and becomes the
//! sidecar. The *classic copy* stays in `containers`. If it finds `native`, it sleeps, or exits if the Pod's `restartPolicy` does not
//! restart it after that; otherwise it writes `classic` and becomes the sidecar. On a new node it cannot look too early: the
//! `startupProbe` of the native copy holds it back.
//!
//! Each entry carries the name of the sandbox, and entries of other sandboxes are ignored: init containers run again in a new sandbox,
//! and the previous one may have died at any point. The name is the path of the file that the container runtime mounts as
//! `/etc/resolv.conf` into all containers of the sandbox. It contains the ID of the sandbox, whatever namespaces the Pod shares with the
//! node. Namespace numbers would not work: the kernel reuses the lowest free one, so a new sandbox may get those of the last, and with
//! `hostNetwork` they never change. The entry also carries the boot ID of the kernel, which is unique to a sandbox that runs in a virtual
//! machine of its own; there, each container has its own file, called `...-resolv.conf`. The volume is in memory, so it does not survive
//! a reboot even if neither can be read, does not need disk space, and does not keep the cluster autoscaler from removing the node.
//!
//! A kubelet that is upgraded without draining its node restarts the native copy while the classic one is the sidecar. The native copy
//! then finds `classic`, writes `again` and exits, which an old kubelet that has lost track of its init containers needs; the run after
//! that finds `again` and sleeps until the Pod ends. So there are never two sidecars.
//!
//! A copy that cannot write its role does not take it, but fails and is restarted. Each word is appended to the file, so no reader ever
//! sees half of one; a line without an end, or with two words, is ignored. The scripts need only `sh`, and `sleep` where they sleep; they
//! set no variable that another program would read; and they exit on any stop signal that an image may name, which a shell running as
//! process 1 would otherwise ignore. They contain neither `$$` nor `$(`, which Kubernetes expands in a command.

use serde_json::{Map, Value, json};

use crate::finding::Refusal;
use crate::pod::pair::{CLASSIC, MOUNT_PATH, NATIVE, NATIVE_SUFFIX, is_classic_copy, is_native_copy};

/// The longest name of a container or a volume.
const MAX_NAME: usize = 63;

/// A sidecar for nodes of both kinds.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The sidecar where the kubelet supports sidecar containers: a new entry of `initContainers`.
    pub native: Value,
    /// The sidecar where it does not: replaces the original container.
    pub classic: Value,
    /// What the two share: a new entry of `volumes`.
    pub volume: Value,
}

/// Splits a classic sidecar whose image has this shell into a pair. The native copy gets this `startupProbe`, which must not succeed
/// before the sidecar is up. `restarts_always` says whether the Pod's `restartPolicy` is `Always`; otherwise it is `OnFailure`.
///
/// # Errors
/// Why it cannot be split.
pub fn pair(
    container: &Map<String, Value>,
    shell: &str,
    startup_probe: Value,
    restarts_always: bool,
) -> Result<Pair, Refusal> {
    let command = strings(container.get("command"));
    if command.is_empty() {
        return Err("it sets no command, so what its image runs is unknown".into());
    }
    if is_classic_copy(&command) || is_native_copy(&command) {
        return Err("it is already one of a pair".into());
    }
    works_twice(container)?;
    survives_shell(container, shell, &command)?;
    let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
    let native_name = format!("{name}{NATIVE_SUFFIX}");
    if name.is_empty() || MAX_NAME < native_name.len() {
        return Err(format!("its name is too long to append {NATIVE_SUFFIX}").into());
    }

    let mut copy = container.clone();
    let mount = json!({"name": native_name, "mountPath": MOUNT_PATH});
    match copy.get_mut("volumeMounts") {
        Some(Value::Array(mounts)) => mounts.push(mount),
        _ => _ = copy.insert("volumeMounts".to_owned(), json!([mount])),
    }
    let with_command = |before: &[&str]| {
        let mut copy = copy.clone();
        let words: Vec<&str> = before.iter().chain(&command).copied().collect();
        copy.insert("command".to_owned(), words.into());
        copy
    };
    let policy = if restarts_always { "Always" } else { "OnFailure" };
    let classic = with_command(&[shell, "-c", CLASSIC, name, policy]);
    let mut native = with_command(&[shell, "-c", NATIVE, name]);
    native.insert("name".to_owned(), native_name.as_str().into());
    native.insert("restartPolicy".to_owned(), "Always".into());
    native.insert("startupProbe".to_owned(), startup_probe);
    // API servers that may have kubelets before 1.28 reject it on init containers.
    native.remove("resizePolicy");
    let volume = json!({"name": native_name, "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}});
    Ok(Pair { native: native.into(), classic: classic.into(), volume })
}

/// Checks that a container can exist twice, with one copy that only sleeps.
fn works_twice(container: &Map<String, Value>) -> Result<(), Refusal> {
    let is_set = |field: &str, key: &str| {
        container.get(field).and_then(|fields| fields.get(key)).is_some_and(|value| !value.is_null())
    };
    if !items(container.get("restartPolicyRules")).is_empty() {
        return Err("it has restartPolicyRules".into());
    }
    if container.get("restartPolicy").is_some_and(|policy| !policy.is_null()) {
        return Err("it sets its own restartPolicy".into());
    }
    if let Some(hook) = ["postStart", "preStop"].into_iter().find(|hook| is_set("lifecycle", hook)) {
        return Err(format!("its {hook} hook would run in both copies").into());
    }
    let probes = ["startupProbe", "readinessProbe", "livenessProbe"];
    if let Some(probe) = probes.into_iter().find(|probe| is_set(probe, "exec")) {
        return Err(
            format!("its {probe} runs a command, which would also run in the copy that sleeps").into()
        );
    }
    let host_port = |port: &Value| port.get("hostPort").and_then(Value::as_i64).filter(|port| *port != 0);
    if let Some(port) = items(container.get("ports")).iter().find_map(host_port) {
        return Err(format!("both copies would need its host port {port}").into());
    }
    let is_taken = |mount: &Value| {
        let path = mount.get("mountPath").and_then(Value::as_str);
        path.is_some_and(|path| path.trim_end_matches('/') == MOUNT_PATH)
    };
    if items(container.get("volumeMounts")).iter().any(is_taken) {
        return Err(format!("it mounts another volume at {MOUNT_PATH}").into());
    }
    Ok(())
}

/// Checks that a container certainly gets the same environment when a shell starts it. Those of Debian and Alpine do not pass on
/// variables that they cannot use themselves, such as `discovery.type`. A container that `sh` starts anyway has lost those already.
fn survives_shell(container: &Map<String, Value>, shell: &str, command: &[&str]) -> Result<(), Refusal> {
    if command.first() == Some(&shell) {
        return Ok(());
    }
    let mut names = items(container.get("env")).iter().filter_map(|variable| variable.get("name")?.as_str());
    if let Some(name) = names.find(|name| !is_identifier(name)) {
        return Err(format!("a shell would drop its environment variable {}", name.escape_debug()).into());
    }
    if !items(container.get("envFrom")).is_empty() {
        return Err("a shell may drop variables from its envFrom".into());
    }
    Ok(())
}

/// Whether a shell can use a variable of that name.
fn is_identifier(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The items of a list of strings; of anything else none.
fn strings(value: Option<&Value>) -> Vec<&str> {
    items(value).iter().map(Value::as_str).collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::is_shell;

    fn container(fields: &Value) -> Map<String, Value> {
        let mut container = json!({"name": "proxy", "image": "proxy:1", "command": ["/proxy", "--port=1"]});
        for (key, value) in fields.as_object().unwrap() {
            container[key] = value.clone();
        }
        container.as_object().unwrap().clone()
    }

    fn refusal(fields: &Value) -> String {
        pair(&container(fields), "sh", json!({}), true).unwrap_err().into_owned()
    }

    #[test]
    fn both_copies_are_whole() {
        let original = container(&json!({
            "args": ["--verbose"],
            "newField": {"x": 1},
            "ports": [{"containerPort": 1, "hostPort": 0}],
            "readinessProbe": {"tcpSocket": {"port": 1}},
            "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }));
        let probe = json!({"tcpSocket": {"port": 1}, "periodSeconds": 1});
        let Pair { native, classic, volume } = pair(&original, "sh", probe.clone(), false).unwrap();
        let mounts = json!([
            {"name": "data", "mountPath": "/data"}, {"name": "proxy-native", "mountPath": MOUNT_PATH}
        ]);

        let mut expected = original.clone();
        expected.insert("volumeMounts".to_owned(), mounts.clone());
        expected.insert(
            "command".to_owned(),
            json!(["sh", "-c", CLASSIC, "proxy", "OnFailure", "/proxy", "--port=1"]),
        );
        assert_eq!(classic, Value::Object(expected.clone()));

        expected.insert("command".to_owned(), json!(["sh", "-c", NATIVE, "proxy", "/proxy", "--port=1"]));
        expected.insert("name".to_owned(), json!("proxy-native"));
        expected.insert("restartPolicy".to_owned(), json!("Always"));
        expected.insert("startupProbe".to_owned(), probe);
        expected.remove("resizePolicy");
        assert_eq!(native, Value::Object(expected));

        assert_eq!(volume["name"], "proxy-native");
        let always = pair(&container(&json!({})), "sh", json!({}), true).unwrap();
        assert_eq!(always.classic["command"][4], "Always");
        assert_eq!(always.native["volumeMounts"], json!([mounts[1]]));
    }

    #[test]
    fn its_own_work_is_recognised() {
        let Pair { native, classic, .. } = pair(&container(&json!({})), "sh", json!({}), true).unwrap();
        let (of_native, of_classic) = (strings(native.get("command")), strings(classic.get("command")));
        assert!(is_native_copy(&of_native) && !is_classic_copy(&of_native));
        assert!(is_classic_copy(&of_classic) && !is_native_copy(&of_classic));
        for others in [vec![], vec!["sh"], vec!["sh", "-c", "exec x"], vec!["sh", NATIVE], vec![NATIVE]] {
            assert!(!is_native_copy(&others) && !is_classic_copy(&others), "{others:?}");
        }
        for copy in [native, classic] {
            let again = pair(copy.as_object().unwrap(), "sh", json!({}), true).unwrap_err();
            assert_eq!(again, "it is already one of a pair");
        }
    }

    #[test]
    fn what_cannot_be_two_is_refused() {
        for (fields, reason) in [
            (json!({"command": []}), "it sets no command, so what its image runs is unknown"),
            (json!({"command": null}), "it sets no command, so what its image runs is unknown"),
            (json!({"restartPolicyRules": [{}]}), "it has restartPolicyRules"),
            (json!({"restartPolicy": "Always"}), "it sets its own restartPolicy"),
            (json!({"lifecycle": {"preStop": {}}}), "its preStop hook would run in both copies"),
            (
                json!({"livenessProbe": {"exec": {}}}),
                "its livenessProbe runs a command, which would also run in the copy that sleeps",
            ),
            (
                json!({"ports": [{"containerPort": 1}, {"hostPort": 80}]}),
                "both copies would need its host port 80",
            ),
            (
                json!({"volumeMounts": [{"mountPath": "/sidecar-startup/"}]}),
                "it mounts another volume at /sidecar-startup",
            ),
            (json!({"env": [{"name": "a.b"}]}), "a shell would drop its environment variable a.b"),
            (json!({"env": [{"name": "1A"}]}), "a shell would drop its environment variable 1A"),
            (json!({"envFrom": [{}]}), "a shell may drop variables from its envFrom"),
            (json!({"name": "n".repeat(57)}), "its name is too long to append -native"),
        ] {
            assert_eq!(refusal(&fields), reason, "{fields}");
        }
    }

    #[test]
    fn what_is_in_no_way_is_taken() {
        for fields in [
            json!({"restartPolicyRules": null, "restartPolicy": null, "lifecycle": {"preStop": null}, "volumeMounts": null}),
            json!({"name": "n".repeat(56)}),
            json!({"env": [{"name": "A_1"}], "ports": null, "readinessProbe": {"exec": null, "grpc": {"port": 1}}}),
            json!({"command": ["sh", "/start.sh"], "env": [{"name": "a.b"}], "envFrom": [{}]}),
        ] {
            pair(&container(&fields), "sh", json!({}), true).unwrap();
        }
    }

    #[test]
    fn it_runs_in_the_shell_that_is_there() {
        let Pair { native, .. } = pair(&container(&json!({})), "/usr/bin/bash", json!({}), true).unwrap();
        assert_eq!(native["command"][0], "/usr/bin/bash");
        assert!(is_native_copy(&strings(native.get("command"))));
        assert!(is_shell("sh") && is_shell("/bin/sh") && is_shell("/usr/local/bin/bash"));
        assert!(!is_shell("fish") && !is_shell("/bin/busybox") && !is_shell(""));
    }

    #[test]
    fn a_mark_alone_is_not_its_work() {
        for script in [NATIVE, CLASSIC] {
            let mark = script.lines().next().unwrap();
            for changed in [mark.to_owned(), format!("{mark}\nexec something\n"), format!("{script}\n")] {
                let words = ["sh", "-c", &changed, "proxy"];
                assert!(!is_native_copy(&words) && !is_classic_copy(&words), "{changed}");
            }
        }
    }

    /// `expand` in `third_party/forked/golang/expansion/expand.go` of Kubernetes.
    #[test]
    fn kubernetes_expands_nothing_in_the_scripts() {
        for script in [NATIVE, CLASSIC] {
            assert!(!script.contains("$$") && !script.contains("$("), "{script}");
        }
    }
}
