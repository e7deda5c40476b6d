//! What a container's own arguments and environment show about the ports that it listens on.

use crate::pod::Pod;
use crate::pod::container::Container;

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

/// What a container's arguments and environment show about a port. Its `containerPort`s are informational and not considered here.
pub(super) fn of_port(pod: &Pod<'_>, container: &Container<'_>, port: i32) -> Evidence {
    let fields = container.fields;
    let port = port.to_string();
    let variables = fields.variables();
    let values = variables.iter().filter_map(|variable| variable.value.as_deref());
    // A ConfigMap or a Secret may hold a configuration file.
    let is_writable = pod.spec().writable_volumes();
    let mut may =
        fields.has_env_from() || fields.mount_list().iter().any(|mount| !is_writable(&mount.volume));
    for text in fields.words().chain(values) {
        match in_text(text, &port) {
            Evidence::Listens => return Evidence::Listens,
            Evidence::May => may = true,
            Evidence::None => {}
        }
    }
    may |= variables.iter().any(|variable| variable.value.is_none());
    if may { Evidence::May } else { Evidence::None }
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
        let host = before.strip_suffix(':').unwrap_or_default();
        if ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| host.ends_with(local)) {
            is_local = true;
        } else {
            return Evidence::Listens;
        }
    }
    if is_local || text.contains(['/', '$']) { Evidence::May } else { Evidence::None }
}
