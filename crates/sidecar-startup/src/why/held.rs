//! What keeps one container from being started, from running, or from opening its gate.

use super::record::{self, Of};
use super::words::{for_, name, restarts, time, token};
use super::{View, Why};
use crate::model::timing::Timing;
use crate::pod::container::Container;

/// The longest back-off between restarts, in seconds (`MaxContainerBackOff` in `pkg/kubelet/kubelet.go`). Where a container has been
/// running for twice that long, it begins anew.
const LONGEST_BACK_OFF: u64 = 300;

impl View<'_> {
    /// What is said about a container that waits for a reason of its own, or has just ended; none if it runs or waits for its turn.
    pub(super) fn obstacle(&self, container: &Container<'_>) -> Option<(String, Option<String>)> {
        let status = self.record.of(container);
        let shown = name(container);
        let reason = match (status.waits_because(), status.ended()) {
            (Some(reason), _) => reason,
            (None, Some(ended)) if ended.exit_code != 0 || !self.may_complete(container) => {
                return Some(self.crash(container, status, ended.reason.as_deref().unwrap_or("Error")));
            }
            _ => return None,
        };
        let at_most =
            self.record.age_of_pod().map(|age| format!(", for up to {}", time(age))).unwrap_or_default();
        let reason_shown = token(reason);
        let text = match reason {
            "CrashLoopBackOff" | "RunContainerError" | "StartError" | "ContainerCannotRun" => {
                return Some(self.crash(container, status, reason));
            }
            "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" | "ImageInspectError" => (
                format!("the image of {shown} cannot be pulled ({reason_shown}{at_most})"),
                "The kubelet tries again, at most 300 s apart; `kubectl describe pod` shows what the registry says",
            ),
            "InvalidImageName" | "ErrImageNeverPull" | "SignatureValidationFailed" => (
                format!("the image of {shown} cannot be used ({reason_shown}{at_most})"),
                "This does not resolve by itself; `kubectl describe pod` shows the image",
            ),
            "CreateContainerConfigError" => (
                format!("{shown} cannot be created ({reason_shown}{at_most})"),
                "A ConfigMap or Secret that it names, or a key in one, does not exist, or it may not run as its user; the kubelet tries \
                 again until that is fixed, and `kubectl describe pod` shows which",
            ),
            "PostStartHookError" => (
                format!(
                    "the postStart hook of {shown} failed ({reason_shown}{}), so it was killed",
                    restarts(status.restarts())
                ),
                "The kubelet restarts it, at most 300 s apart",
            ),
            _ => (
                format!("{shown} cannot be started ({reason_shown}{at_most})"),
                "`kubectl describe pod` shows why",
            ),
        };
        Some((text.0, Some(text.1.to_owned())))
    }

    /// Whether a container is done when it exits with 0.
    fn may_complete(&self, container: &Container<'_>) -> bool {
        container.is_init_task() || (self.context.pod.should_complete && !container.is_init())
    }

    fn crash(&self, container: &Container<'_>, status: Of<'_>, reason: &str) -> (String, Option<String>) {
        let shown = name(container);
        let Some(ended) = status.ended().or_else(|| status.ended_before()) else {
            let count = restarts(status.restarts());
            return (format!("{shown} keeps exiting ({}{count})", token(reason)), None);
        };
        let since = ended.finished_at.as_ref().map(|time| self.record.age(time.0));
        let ago = since.map(|age| format!(" {} ago", time(age))).unwrap_or_default();
        let why = match ended.reason.as_deref() {
            Some("OOMKilled") => ", out of memory",
            _ => "",
        };
        let text = format!(
            "{shown} keeps exiting ({}{}): it last exited{ago} with code {}{why}",
            token(reason),
            restarts(status.restarts()),
            ended.exit_code
        );
        let probe = container.fields.startup_probe.as_ref().filter(|_| container.is_native_sidecar());
        let budget = probe.map(|probe| Timing::of(probe).budget());
        let used_up = budget.zip(record::length(ended)).filter(|(budget, ran)| budget <= ran);
        let used_up = used_up.map(|(budget, ran)| {
            format!(
                "It ran for {}, all of its start-up budget of {}, so its startupProbe probably never succeeded",
                time(ran),
                time(budget)
            )
        });
        let next = since.map(|age| match LONGEST_BACK_OFF.saturating_sub(age) {
            0 => "The kubelet is about to restart it".to_owned(),
            left => format!("The kubelet restarts it within {}", time(left)),
        });
        let then = used_up.into_iter().chain(next).collect::<Vec<_>>().join(". ");
        (text, Some(then).filter(|then| !then.is_empty()))
    }

    /// What is said about a sidecar container that runs and whose `startupProbe` has not succeeded.
    pub(super) fn unproven(&self, container: &Container<'_>, timing: Timing) -> Why {
        let (status, shown, budget) = (self.record.of(container), name(container), timing.budget());
        let count = restarts(status.restarts());
        let Some(age) = status.runs_since().map(|since| self.record.age(since)) else {
            return self.held_by(container, format!("{shown}'s startupProbe has not succeeded{count}"), None);
        };
        let text = format!(
            "{shown}'s startupProbe has not succeeded{} (its budget is {}){count}",
            for_(age),
            time(budget)
        );
        let then = match budget.saturating_sub(age) {
            0 => {
                format!(
                    "Its start-up budget is used up: the kubelet restarts {shown} unless the next probe succeeds"
                )
            }
            left => format!("It may take {} more before {shown} is restarted", time(left)),
        };
        self.held_by(container, text, Some(then))
    }
}
