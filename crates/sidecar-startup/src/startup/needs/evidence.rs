//! What shows the ports that a container listens on.

use crate::catalogue::candidate::Candidate;
use crate::catalogue::default_ports::may_listen_by_default;
use crate::catalogue::health::Reach;
use crate::catalogue::row::Row;
use crate::model::container_fields::ContainerFields;
use crate::model::volumes::Mount;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

/// What a container's own words show about a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// It listens there.
    Listens,
    /// It may: a value that the object does not show may name the port.
    May,
    /// Nothing in them names the port.
    None,
}

/// What its `containerPort`s, the catalogue and its own words show about a port of a member. An ordinary init container listens on no
/// port that others wait for.
pub(super) fn evidence(lineup: &Lineup<'_>, seat: &Seat<'_>, port: i32) -> Evidence {
    match seat.container().filter(|_| !seat.is_task()) {
        Some(_) if is_known_to_listen(lineup, seat, port) => Evidence::Listens,
        Some(container) => of_port(lineup.pod, container, port),
        None => Evidence::None,
    }
}

/// Whether a member listens on a port by its `containerPort`s or the catalogue, whatever its words show.
pub(super) fn is_known_to_listen(lineup: &Lineup<'_>, seat: &Seat<'_>, port: i32) -> bool {
    let is_known = |container: &Container<'_>| {
        let is_of_row = |row: &Row| listens_on(row, port, lineup.pod.candidate(container));
        container.declares(port) || container.row().is_some_and(is_of_row)
    };
    !seat.is_task() && seat.container().is_some_and(is_known)
}

/// Whether a sidecar listens on a port, for all that is known of its product.
fn listens_on(row: &Row, port: i32, candidate: Candidate<'_>) -> bool {
    match &row.health {
        Some(health) => health.listens_on(port, candidate) && health.reach(candidate) != Reach::Off,
        None => row.listens_on(port),
    }
}

/// What a container's arguments, environment and image show about a port. Its `containerPort`s are informational and not considered here.
fn of_port(pod: &Pod<'_>, container: &Container<'_>, number: i32) -> Evidence {
    let fields = container.fields;
    let port = number.to_string();
    let variables = fields.variables();
    let values = variables.iter().filter_map(|variable| variable.value.as_deref());
    let mut may = is_default(container, number) || is_configured(pod, container);
    for text in own_words(fields).into_iter().chain(values) {
        match in_text(text, &port) {
            Evidence::Listens => return Evidence::Listens,
            Evidence::May => may = true,
            Evidence::None => {}
        }
    }
    may |= variables.iter().any(|variable| variable.value.is_none());
    if may { Evidence::May } else { Evidence::None }
}

/// Whether the server in the image of a container may listen on a port by default. With a command of its own, the image could run anything.
pub(super) fn is_default(container: &Container<'_>, port: i32) -> bool {
    container.fields.command.is_empty() && may_listen_by_default(&container.repository, port)
}

/// Where the API server mounts a token into each container of a Pod (`plugin/pkg/admission/serviceaccount/admission.go`).
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Whether something that the object does not show may hold variables or a configuration file of a container: a ConfigMap or a Secret,
/// another volume, or an `emptyDir` that an earlier container names.
pub(super) fn is_configured(pod: &Pod<'_>, container: &Container<'_>) -> bool {
    let fields = container.fields;
    let may_hold_files =
        |mount: &Mount<'_>| &*mount.path != SERVICE_ACCOUNT && pod.may_hold_files(&mount.volume, container);
    fields.has_env_from() || fields.mount_list().iter().any(may_hold_files)
}

/// The flags of daprd that give the application's port (`cmd/daprd/options/options.go`).
const OF_THE_APPLICATION: [&str; 2] = ["--app-port", "-app-port"];

/// The words of a container, without those that give another container's port.
fn own_words<'f>(fields: &'f ContainerFields<'_>) -> Vec<&'f str> {
    let mut words = Vec::new();
    let mut is_value = false;
    for word in fields.words() {
        let of_the_application = OF_THE_APPLICATION.iter().find_map(|flag| word.strip_prefix(flag));
        if !is_value && of_the_application.is_none_or(|value| !value.is_empty() && !value.starts_with('=')) {
            words.push(word);
        }
        is_value = of_the_application == Some("");
    }
    words
}

/// What one word shows. A port after `localhost` may be another container's, and a path may lead to a configuration file.
fn in_text(text: &str, port: &str) -> Evidence {
    let mut is_local = false;
    for (at, _) in text.match_indices(port) {
        let (before, rest) = text.split_at_checked(at).unwrap_or_default();
        let after = rest.strip_prefix(port).unwrap_or_default();
        let is_number = |c: char| c.is_ascii_digit();
        if before.ends_with(is_number) || after.starts_with(is_number) {
            continue;
        }
        // As in `localhost:8080`, `nc -z localhost 8080` and `pg_isready -h localhost -p 5432`.
        let host = before.trim_end_matches(" -p ").trim_end_matches([':', ' ']);
        if before.ends_with([':', ' '])
            && ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| host.ends_with(local))
        {
            is_local = true;
        } else {
            return Evidence::Listens;
        }
    }
    if is_local || text.contains(['/', '$']) { Evidence::May } else { Evidence::None }
}
