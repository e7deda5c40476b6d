//! The init containers: each waits for the gate of the one before it.

use super::words::{for_, name, restarts, time};
use super::{View, Why};
use crate::model::timing::Timing;
use crate::pod::container::Container;

impl View<'_> {
    /// What holds the init containers; none if all their gates have opened.
    ///
    /// The kubelet continues from the last of them that it has created: what an earlier one does then no longer matters
    /// (`computeInitContainerActions` in `pkg/kubelet/kuberuntime/kuberuntime_container.go`).
    pub(super) fn init(&self) -> Option<Why> {
        let has_app = self.context.pod.app_list().any(|app| self.record.of(app).was_created());
        if has_app {
            return None;
        }
        let created = |container: &&Container<'_>| self.record.of(container).was_created();
        let last = self.context.pod.init_containers().rfind(created);
        match last {
            Some(last) => self.closed(last).or_else(|| self.next(Some(last))),
            None => self.next(None),
        }
    }

    /// Why the gate of a container that was created is closed; none if it is open.
    fn closed(&self, container: &Container<'_>) -> Option<Why> {
        let status = self.record.of(container);
        if let Some((text, then)) = self.obstacle(container) {
            return Some(self.held_by(container, text, then));
        }
        if container.is_init_task() {
            let shown = name(container);
            return status.runs().then(|| {
                let age = status.runs_since().map(|since| for_(self.record.age(since))).unwrap_or_default();
                let count = restarts(status.restarts());
                let text =
                    format!("the init container {shown} has been running{age}{count} and has to exit with 0");
                self.held_by(container, text, Some("There is no time limit".to_owned()))
            });
        }
        let probe = container.fields.startup_probe.as_ref()?;
        (!status.is_started()).then(|| self.unproven(container, Timing::of(probe)))
    }

    /// What is said about the init container whose turn it is, the one after `last`, and which is not known to be created.
    fn next(&self, last: Option<&Container<'_>>) -> Option<Why> {
        let next = self.context.pod.init_containers().nth(last.map_or(0, |last| last.id.position() + 1))?;
        let since =
            last.and_then(|last| self.record.of(last).ended()?.finished_at.as_ref().map(|time| time.0));
        let age = since.map(|time| self.record.age(time)).or_else(|| self.record.age_of_pod());
        Some(self.starting(next, age))
    }

    /// What is said about a container whose turn it is. `age` is for how long at most it has been.
    pub(super) fn starting(&self, container: &Container<'_>, age: Option<u64>) -> Why {
        let shown = name(container);
        if container.fields.post_start().is_some() && self.never(container).is_none() {
            let text = format!("{shown} has probably started, and its postStart hook is running");
            let then = "The status shows neither before the hook returns, for which there is no time limit";
            return self.held_by(container, text, Some(then.to_owned()));
        }
        let at_most = age.map(|age| format!(", for at most {}", time(age))).unwrap_or_default();
        let text =
            format!("{shown} is starting{at_most}: the kubelet pulls its image and starts its process");
        self.held_by(container, text, None)
    }
}
