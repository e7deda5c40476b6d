//! Files: a container that reads from a volume may need one that writes to it. No object proves such a need, so all are only possible.

use std::rc::Rc;

use k8s_openapi::api::core::v1::ExecAction;

use super::expanded::expanded;
use super::volumes::{Volume, Volumes};
use crate::command::may_wait;
use crate::model::volumes::Mount;
use crate::pod::container::Container;
use crate::pod::pair::MOUNT_PATH;
use crate::settings::action::Need as Necessity;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic, foremost};
use crate::startup::injectors::{Injected, Part};
use crate::startup::lineup::Lineup;
use crate::startup::seat::{Seat, Who};

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let Some(before) = before else { return Vec::new() };
    let writable = lineup.pod.spec().writable_volumes();
    let mounts: Vec<Vec<Mount<'_>>> = lineup.seats.iter().map(|seat| mounts_of(seat, &writable)).collect();
    let volumes = Volumes::of(lineup, before, &mounts);
    let has_several_apps = lineup.apps().nth(1).is_some();
    let to_come = writers_to_come(lineup);
    let mut needs = Vec::new();
    for (member, seat) in lineup.members() {
        let has_gate = (seat.is_init && !seat.is_task()) || seat.hook().is_some();
        let Some(container) = seat.container().filter(|_| has_gate) else { continue };
        let reader = Reader { lineup, member, seat, container, has_twin: before.has_twin(seat) };
        for mount in mounts.get(member).into_iter().flatten() {
            let Some(volume) = volumes.get(mount) else { continue };
            needs.extend(reader.passed(before, mount, volume));
            needs.extend(reader.looked_into(mount, volume));
            needs.extend(reader.read(mount, volume, has_several_apps));
        }
        needs.extend(reader.injected(&to_come));
    }
    needs
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

    /// An ordinary init container that the member has been moved ahead of, if they share a volume that either may write to: it may
    /// prepare what the member needs.
    fn passed(&self, before: &Before<'_>, mount: &Mount<'_>, volume: &Volume) -> Option<Need> {
        let task = volume.task_passed(
            self.member,
            before.rank_with(self.seat, &mount.volume)?,
            mount.is_read_only,
        )?;
        self.need(Event::Up(self.member), [task].into(), &mount.volume, |name| {
            format!("shares volume {:?} with {name}", &*mount.volume)
        })
    }

    /// Who writes to a volume of the member, if its gate looks for a file there.
    fn looked_into(&self, mount: &Mount<'_>, volume: &Volume) -> Option<Need> {
        let looks = self.gate_names_path_below(&mount.path);
        looks.then(|| self.written(Event::Gate(self.member), "looks into", mount, &volume.writers)).flatten()
    }

    /// Who writes to a volume of the member, if something suggests that the member needs what they write.
    fn read(&self, mount: &Mount<'_>, volume: &Volume, has_several_apps: bool) -> Option<Need> {
        let member = self.member;
        let written = |writers| self.written(Event::Up(member), "reads", mount, writers);
        let has_variables_there = mount.path.is_empty();
        if has_variables_there || self.may_wait_below(&mount.path) || self.needs_first_below(&mount.path) {
            return written(&volume.writers);
        }
        let is_reader = mount.is_read_only || self.names_path_below(&mount.path);
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
        let mut sources = to_come.iter().filter(|(_, path)| self.names_path_below(path)).peekable();
        let (_, path) = *sources.peek()?;
        let providers = sources.map(|(source, _)| *source).collect();
        self.need(Event::Up(self.member), providers, path, |name| {
            format!("reads files below {path}, which are written by {name}")
        })
    }

    /// Whether its arguments, environment, probes or hook name a path below this one.
    fn names_path_below(&self, path: &str) -> bool {
        let fields = self.container.fields;
        self.says(|text| is_below(text, path))
            || [&fields.readiness_probe, &fields.liveness_probe]
                .into_iter()
                .flatten()
                .any(|probe| self.names_below(probe.exec.as_ref(), path))
            || self.gate_names_path_below(path)
    }

    /// Whether its arguments or variables name a file below this path without which a program does not start: credentials, its own
    /// configuration, or the socket of a server that it calls before it serves; proxies open theirs only when they are asked.
    fn needs_first_below(&self, path: &str) -> bool {
        const ENDS: [&str; 12] = [
            ".cfg", ".conf", ".crt", ".env", ".hcl", ".ini", ".jks", ".json", ".key", ".pem", ".toml",
            ".yaml",
        ];
        const SERVERS: [&str; 4] = ["csi", "docker", "spiffe", "spire"];
        const SOCKET: &str = ".sock";
        let is_socket =
            |word: &str| word.ends_with(SOCKET) && SERVERS.iter().any(|server| word.contains(server));
        let is_first = |word: &str| {
            is_below(word, path)
                && (is_socket(word)
                    || ENDS.iter().any(|end| word.ends_with(end))
                    || word.to_ascii_lowercase().contains("credential"))
        };
        self.says(is_first)
    }

    /// Whether one of its arguments, or of the values of its variables, is such a text.
    fn says(&self, is_such: impl Fn(&str) -> bool) -> bool {
        let fields = self.container.fields;
        fields.words().any(&is_such)
            || fields.variables().iter().any(|variable| variable.value.as_deref().is_some_and(&is_such))
    }

    /// Whether its main command may wait for a file below this path.
    fn may_wait_below(&self, path: &str) -> bool {
        let words: Vec<_> = self.container.fields.words().collect();
        may_wait(&words) && expanded(self.container.fields, words).iter().any(|word| is_below(word, path))
    }

    /// Whether one of its commands names a path below this one.
    fn names_below(&self, command: Option<&ExecAction>, path: &str) -> bool {
        let words = command.and_then(|exec| exec.command.as_deref()).unwrap_or_default();
        let words = expanded(self.container.fields, words.iter().map(String::as_str));
        words.iter().any(|word| is_below(word, path))
    }

    /// Whether the command of its `startupProbe` or hook names a path below this one.
    fn gate_names_path_below(&self, path: &str) -> bool {
        let probe = self.seat.startup_probe().and_then(|probe| probe.exec.as_ref());
        let hook = self.seat.hook().and_then(|hook| hook.exec.as_ref());
        self.names_below(probe, path) || self.names_below(hook, path)
    }
}

/// Whether the operator has declared the `startupProbe`, and so decided when the sidecar is ready.
fn has_operators_probe(container: &Container<'_>) -> bool {
    container.declaration.is_some_and(|declaration| declaration.startup_probe.is_some())
}

/// The injected init containers and agents that write files, with the path below which they do.
fn writers_to_come<'l>(lineup: &'l Lineup<'_>) -> Vec<(Member, &'l str)> {
    let path = |seat: &'l Seat<'_>| match &seat.who {
        Who::Injected(Injected { part: Part::Writer(path), .. }) => Some(path.as_str()),
        Who::Injected(_) | Who::Container(_) => None,
    };
    lineup.members().filter_map(|(member, seat)| Some((member, path(seat)?))).collect()
}

/// Whether a text names a path below this one.
fn is_below(text: &str, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    !path.is_empty()
        && text.match_indices(path).any(|(at, _)| {
            let (before, rest) = text.split_at_checked(at).unwrap_or_default();
            // As in `/run/a.sock`, `--socket=/run/a.sock` and `unix:///run/a.sock`.
            let is_start = before.ends_with("://")
                || !before
                    .ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
            let below = rest.strip_prefix(path).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
            is_start
                && below
                    .starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$'))
        })
}
