//! Files: a container that reads from a volume may need one that writes to it. No object proves such a need, so all are only possible.

use std::borrow::Cow;
use std::rc::Rc;

use k8s_openapi::api::core::v1::ExecAction;

use super::expanded::expanded;
use super::volumes::{Volume, Volumes};
use crate::command::{Paths, may_wait};
use crate::model::volumes::Mount;
use crate::pod::container::Container;
use crate::pod::pair::MOUNT_PATH;
use crate::settings::action::Need as Necessity;
use crate::settings::sidecar::Sidecar;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic, foremost};
use crate::startup::injectors::{Injected, Part};
use crate::startup::lineup::Lineup;
use crate::startup::seat::{Seat, Who};

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let Some(before) = before else { return Vec::new() };
    let writable = lineup.pod.spec().writable_volumes();
    let to_come = writers_to_come(lineup);
    let reads = |seat: &Seat<'_>| has_gate(seat) && !mounts_of(seat, &writable).is_empty();
    if to_come.is_empty() && !lineup.seats.iter().any(reads) {
        return Vec::new();
    }
    let mounts: Vec<Vec<Mount<'_>>> = lineup.seats.iter().map(|seat| mounts_of(seat, &writable)).collect();
    let volumes = Volumes::of(lineup, before, &mounts);
    let has_several_apps = lineup.apps().nth(1).is_some();
    let mut needs = Vec::new();
    for (member, seat) in lineup.members() {
        let Some(container) = seat.container().filter(|_| has_gate(seat)) else { continue };
        let mounts = mounts.get(member).map(Vec::as_slice).unwrap_or_default();
        if mounts.is_empty() && to_come.is_empty() {
            continue;
        }
        let named = Named::by(seat, container);
        let reader = Reader { lineup, member, seat, container, named, has_twin: before.has_twin(seat) };
        let rank_with = before.rank_with(seat);
        for mount in mounts {
            let Some(volume) = volumes.get(mount) else { continue };
            if let Some(rank_with) = &rank_with {
                needs.extend(reader.passed(rank_with(&mount.volume), mount, volume));
            }
            needs.extend(reader.looked_into(mount, volume));
            needs.extend(reader.read(mount, volume, has_several_apps));
        }
        needs.extend(reader.injected(&to_come));
    }
    needs
}

/// Whether a member keeps others from starting until it is up.
fn has_gate(seat: &Seat<'_>) -> bool {
    (seat.is_init && !seat.is_task()) || seat.hook().is_some()
}

fn mounts_of<'s>(seat: &'s Seat<'_>, writable: &dyn Fn(&str) -> bool) -> Vec<Mount<'s>> {
    let Some(container) = seat.container() else { return Vec::new() };
    let mut mounts = container.fields.mount_list();
    mounts.extend(container.fields.volumes_of_variables());
    // The copies of a pair only share their own state there.
    mounts.retain(|mount| writable(&mount.volume) && *mount.path != *MOUNT_PATH);
    mounts
}

/// A member that may need what others write.
struct Reader<'r> {
    lineup: &'r Lineup<'r>,
    member: Member,
    seat: &'r Seat<'r>,
    container: &'r Container<'r>,
    named: Named<'r>,
    /// Whether a second apply has added its entry of `containers` again, which an earlier repair has moved: that is about to go.
    has_twin: bool,
}

impl Reader<'_> {
    fn need(
        &self,
        of: Event,
        providers: Rc<[Member]>,
        volume: &str,
        reason: impl FnOnce(&str) -> String,
    ) -> Option<Need> {
        let providers = self.without_twin(providers);
        let named = foremost(&providers, self.member)?;
        let reason = reason(&self.lineup.seats.get(named)?.quoted());
        let topic = Topic::Volume(volume.to_owned());
        Some(Need { of, providers, certainty: Certainty::Possible, topic, field: &[], reason })
    }

    /// These members without its twin.
    fn without_twin(&self, members: Rc<[Member]>) -> Rc<[Member]> {
        if !self.has_twin {
            return members;
        }
        let is_twin = |other: &Member| {
            let seat = self.lineup.seats.get(*other);
            *other != self.member && seat.is_some_and(|seat| seat.name() == self.seat.name())
        };
        members.iter().copied().filter(|member| !is_twin(member)).collect()
    }

    /// An ordinary init container that the member, which was at this position, has been moved ahead of, if they share a volume that
    /// either may write to: it may prepare what the member needs.
    fn passed(&self, rank: usize, mount: &Mount<'_>, volume: &Volume) -> Option<Need> {
        let task = volume.task_passed(self.member, rank, mount.is_read_only)?;
        self.need(Event::Up(self.member), [task].into(), &mount.volume, |name| {
            format!("shares volume {:?} with {name}", &*mount.volume)
        })
    }

    /// Who writes to a volume of the member, if its gate looks for a file there.
    fn looked_into(&self, mount: &Mount<'_>, volume: &Volume) -> Option<Need> {
        let looks = self.named.by_gate.has_below(&mount.path);
        looks.then(|| self.written(Event::Gate(self.member), "looks into", mount, &volume.writers)).flatten()
    }

    /// Who writes to a volume of the member, if something suggests that the member needs what they write.
    fn read(&self, mount: &Mount<'_>, volume: &Volume, has_several_apps: bool) -> Option<Need> {
        let member = self.member;
        let written = |writers| self.written(Event::Up(member), "reads", mount, writers);
        let has_variables_there = mount.path.is_empty();
        if has_variables_there
            || self.named.has_needed_below(&mount.path)
            || is_of_spire(&mount.path) && !self.container.repository.ends_with("spire-agent")
        {
            return written(&volume.writers);
        }
        let is_reader = mount.is_read_only || self.named.has_below(&mount.path);
        // Where only the writer tells of it, nobody else will do.
        if !is_reader && volume.known.has_other_than(member) {
            return written(&volume.known_writers);
        }
        let tells_of_others =
            is_reader && (volume.known.has_other_than(member) || volume.other.has_other_than(member));
        let reads_one_of_several = || {
            has_several_apps
                && mount.is_read_only
                && volume.app.has_other_than(member)
                && self.container.sidecar().is_some_and(|facts| facts.need != Necessity::Helper)
                && !has_operators_probe(self.container)
        };
        (tells_of_others || reads_one_of_several()).then(|| written(&volume.writers)).flatten()
    }

    fn written(&self, of: Event, verb: &str, mount: &Mount<'_>, writers: &Rc<[Member]>) -> Option<Need> {
        self.need(of, Rc::clone(writers), &mount.volume, |name| {
            format!("{verb} volume {:?}, which is written by {name}", &*mount.volume)
        })
    }

    /// What is still to be injected and writes files, if the member names a path below theirs.
    fn injected(&self, to_come: &[(Member, &str)]) -> Option<Need> {
        let mut sources = to_come.iter().filter(|(_, path)| self.named.has_below(path)).peekable();
        let (_, path) = *sources.peek()?;
        let providers = sources.map(|(source, _)| *source).collect();
        self.need(Event::Up(self.member), providers, path, |name| {
            format!("reads files below {path}, which are written by {name}")
        })
    }
}

/// The paths that a member names.
struct Named<'r> {
    /// In the command of its `startupProbe` or hook.
    by_gate: Paths<'r>,
    /// In its arguments, the values of its variables and its other probes.
    otherwise: Paths<'r>,
    /// In those of its arguments and variables that name a file without which a program does not start.
    first: Paths<'r>,
    /// In its main command, if that may wait for a file.
    awaited: Paths<'r>,
}

impl<'r> Named<'r> {
    fn by(seat: &'r Seat<'_>, container: &'r Container<'_>) -> Self {
        let fields = container.fields;
        let in_command = |command: Option<&'r ExecAction>| {
            let words = command.and_then(|exec| exec.command.as_deref()).unwrap_or_default();
            expanded(fields, words.iter().map(String::as_str))
        };
        let gate = [
            seat.startup_probe().and_then(|probe| probe.exec.as_ref()),
            seat.hook().and_then(|hook| hook.exec.as_ref()),
        ];
        let words: Vec<&str> = fields.words().collect();
        let values = fields.variables().into_iter().filter_map(|variable| variable.value);
        let mut said: Vec<Cow<'r, str>> = words.iter().copied().map(Cow::Borrowed).collect();
        said.extend(values.map(|value| Cow::Owned(value.to_string())));
        // dockerd creates the socket that its `--host` names.
        let is_dockerd = container.row().is_some_and(|row| row.name == "dind");
        let is_first = |text: &&Cow<'_, str>| names_first(text) && !(is_dockerd && text.ends_with(SOCKET));
        let first = said.iter().filter(is_first).cloned().collect();
        let probes = [&fields.readiness_probe, &fields.liveness_probe].into_iter().flatten();
        said.extend(probes.flat_map(|probe| in_command(probe.exec.as_ref())));
        Self {
            by_gate: Paths::of(gate.into_iter().flat_map(in_command).collect()),
            otherwise: Paths::of(said),
            first: Paths::of(first),
            awaited: Paths::of(if may_wait(&words) { expanded(fields, words) } else { Vec::new() }),
        }
    }

    /// Whether the member names a path below this one.
    fn has_below(&self, path: &str) -> bool {
        self.otherwise.has_below(path) || self.by_gate.has_below(path)
    }

    /// Whether the member names a file below this path that it may wait for, or that it needs before it serves.
    fn has_needed_below(&self, path: &str) -> bool {
        self.awaited.has_below(path) || self.first.has_below(path)
    }
}

/// Whether a mount is that of the socket by which SPIRE's agent hands out identities: whoever has it serves nothing without one.
fn is_of_spire(path: &str) -> bool {
    ["spire", "spiffe"].iter().any(|name| path.contains(name))
        && ["sock", "workload-api"].iter().any(|name| path.contains(name))
}

/// How the name of a socket ends.
const SOCKET: &str = ".sock";

/// Whether a text names a file without which a program does not start: credentials, its own configuration, or the socket of a server that
/// it calls before it serves; proxies open theirs only when they are asked.
fn names_first(text: &str) -> bool {
    const ENDS: [&str; 12] =
        [".cfg", ".conf", ".crt", ".env", ".hcl", ".ini", ".jks", ".json", ".key", ".pem", ".toml", ".yaml"];
    const SERVERS: [&str; 4] = ["csi", "docker", "spiffe", "spire"];
    let is_socket = text.ends_with(SOCKET) && SERVERS.iter().any(|server| text.contains(server));
    is_socket
        || ENDS.iter().any(|end| text.ends_with(end))
        || text.to_ascii_lowercase().contains("credential")
}

/// Whether the operator has declared the `startupProbe`, and so decided when the sidecar is ready.
pub(super) fn has_operators_probe(container: &Container<'_>) -> bool {
    let inserted = |sidecar: &Sidecar| sidecar.inserted().is_some_and(|it| it.startup_probe().is_some());
    container.declaration.is_some_and(|sidecar| sidecar.startup_probe.is_some() || inserted(sidecar))
}

/// The injected init containers and agents that write files, with the path below which they do.
fn writers_to_come<'l>(lineup: &'l Lineup<'_>) -> Vec<(Member, &'l str)> {
    let path = |seat: &'l Seat<'_>| match &seat.who {
        Who::Injected(Injected { part: Part::Writer(path), .. }) => Some(path.as_str()),
        Who::Injected(_) | Who::Container(_) => None,
    };
    lineup.members().filter_map(|(member, seat)| Some((member, path(seat)?))).collect()
}
