//! The entries of `containers`, once all init containers have let them start; and whether they started after their sidecars were ready.

use super::words::{for_, name, time};
use super::{Timestamp, View, Why};
use crate::pod::container::Container;

impl View<'_> {
    /// What holds the entries of `containers`, or how they started.
    pub(super) fn apps(&self) -> Why {
        let mut all = self.context.pod.containers.iter();
        let obstacle = all.find_map(|container| Some((container, self.obstacle(container)?)));
        if let Some((container, (text, then))) = obstacle {
            // What was started before keeps running.
            let held = if container.is_init() { None } else { self.hook_of(container) };
            return held.unwrap_or_else(|| {
                let mut why = Why::held(text);
                why.sentences.extend(self.never(container).or(then));
                why.rules = self.rules_on(container);
                let mut why = self.with_early_starts(why);
                if container.is_app() && why.rules.is_empty() {
                    self.add_what_it_did_not_wait_for(&mut why);
                }
                why
            });
        }
        let waiting = self.context.pod.app_list().find(|app| !self.record.of(app).was_created());
        if let Some(waiting) = waiting {
            let since = self.record.true_since("Initialized").map(|since| self.record.age(since));
            let hook = self.hook_of(waiting);
            return hook.unwrap_or_else(|| self.starting(waiting, since));
        }
        self.running()
    }

    /// Adds what the rules say where an application keeps exiting: that it crashes without its sidecars is the most frequent reason, but
    /// none that a status records.
    fn add_what_it_did_not_wait_for(&self, why: &mut Why) {
        why.rules = self.denials();
        if !why.rules.is_empty() {
            why.sentences.push("The reason may be that it does not wait for its sidecars".to_owned());
        }
    }

    /// Whether the hook of an entry of `containers` probably runs: that of the last one before `container` that has one, if none after
    /// it is reported.
    fn hook_of(&self, container: &Container<'_>) -> Option<Why> {
        if self.record.of(container).was_created() {
            return None;
        }
        let mut before = self.context.pod.app_list().filter(|app| app.id <= container.id);
        let hooked =
            before.find(|app| app.fields.post_start().is_some() && !self.record.of(app).was_created())?;
        Some(self.starting(hooked, None))
    }

    /// All containers run.
    fn running(&self) -> Why {
        let all = || self.context.pod.containers.iter().filter(|container| !container.is_init_task());
        let has_ended = |container: &&Container<'_>| self.record.of(container).ended().is_some();
        let apps: Vec<_> = all().filter(|container| container.is_app()).collect();
        let stays = all().find(|it| !it.is_init() && !it.is_app() && self.record.of(it).runs());
        if let Some(stays) = stays.filter(|_| apps.iter().all(has_ended)) {
            let mut why = Why::held(format!(
                "the application has run to completion, but {} is still running, so the Pod does not complete",
                name(stays)
            ));
            why.rules = self.rules_on(stays);
            return why;
        }
        let mut unready = all().filter(|it| self.record.of(it).runs() && !self.record.of(it).is_ready());
        let why = if let Some(first) = unready.next() {
            let condition = self.record.condition("ContainersReady");
            let since = condition.and_then(|it| self.record.age_of(it)).map(for_).unwrap_or_default();
            let probe = if self.record.of(first).is_started() { "readinessProbe" } else { "startupProbe" };
            Why::held(format!(
                "all containers are running, but {} is not ready{since}: its {probe} has not succeeded. This keeps traffic away from the \
                 Pod, but holds back no container",
                name(first)
            ))
        } else {
            let since = self.record.true_since("Ready").map(|since| for_(self.record.age(since)));
            Why::well(format!("it is running and has been ready{}", since.unwrap_or_default()))
        };
        self.with_early_starts(why)
    }

    /// Adds which applications are recorded to have started before their sidecars were ready; if none, that they waited.
    fn with_early_starts(&self, mut why: Why) -> Why {
        let containers = &self.context.pod.containers;
        let mut early = Vec::new();
        for app in containers.iter().filter(|container| container.is_app()) {
            let Some(started) = self.record.of(app).first_started() else { continue };
            let sidecars =
                containers.iter().filter(|it| it.sidecar().is_some_and(|facts| facts.ceiling().is_some()));
            for sidecar in sidecars {
                if let Some(text) = self.early(app, started, sidecar) {
                    early.push(text);
                    why.rules.extend(self.rules_on(sidecar));
                }
            }
        }
        why.rules.dedup();
        if !early.is_empty() {
            why.is_well = false;
            why.sentences.extend(early);
        } else if why.is_well {
            why.sentences.extend(self.waited());
            why.rules = self.denials();
        }
        why
    }

    /// How much too early an application was started, as far as the status records that.
    fn early(&self, app: &Container<'_>, started: Timestamp, sidecar: &Container<'_>) -> Option<String> {
        let status = self.record.of(sidecar);
        let seconds = |later: Timestamp| {
            u64::try_from(later.as_second() - started.as_second()).ok().filter(|seconds| *seconds != 0)
        };
        let (app_name, shown) = (name(app), name(sidecar));
        if let Some(late) = status.first_started().and_then(seconds) {
            return Some(format!("{app_name} started {} before {shown} and did not wait for it", time(late)));
        }
        // What opens no gate before the application has none that is recorded, but for readiness.
        if sidecar.is_native_sidecar() && sidecar.fields.startup_probe.is_some() {
            return None;
        }
        let is_held = sidecar.fields.post_start().is_some();
        let others = self.context.pod.containers.iter().filter(|other| other.id != sidecar.id);
        let is_alone = others.into_iter().all(|other| other.fields.readiness_probe.is_none());
        let has_restarted = self.context.pod.containers.iter().any(|it| self.record.of(it).restarts() != 0);
        if sidecar.fields.readiness_probe.is_none() || !is_alone || is_held || has_restarted {
            return None;
        }
        let late = self.record.true_since("ContainersReady").and_then(seconds)?;
        Some(format!(
            "{app_name} started {} before {shown} was ready, unless {shown} has become unready since",
            time(late)
        ))
    }

    /// That the application waited, if it did for all of its sidecars.
    fn waited(&self) -> Option<String> {
        let pod = self.context.pod;
        let has_gate =
            |sidecar: &&Container<'_>| sidecar.is_native_sidecar() && sidecar.fields.startup_probe.is_some();
        let gated: Vec<_> = pod.containers.iter().filter(has_gate).map(name).collect();
        let all =
            pod.containers.iter().filter(|it| it.sidecar().is_some_and(|facts| facts.ceiling().is_some()));
        if gated.is_empty() || all.count() != gated.len() {
            return None;
        }
        let app = pod.containers.iter().find(|container| container.is_app())?;
        let open = self.record.true_since("Initialized")?;
        let started = self.record.of(app).first_started()?;
        let late = u64::try_from(started.as_second() - open.as_second()).ok()?;
        let verb = if gated.len() == 1 { "was" } else { "were" };
        Some(format!("{} started {} after {} {verb} ready", name(app), time(late), gated.join(" and ")))
    }
}
