//! The facts about one well-known sidecar.

use super::candidate::Candidate;
use super::condition::Condition;
use super::health::Health;
use super::injectable::{Injectable, PortSource};
use crate::command::{Ends, outcome};
use crate::model::container_fields::ContainerFields;
use crate::model::glob::{matches, matches_repository};
use crate::model::image;
use crate::settings::action::Need;

/// The name of Istio's proxy, both as a container and as a row.
pub const ISTIO_PROXY: &str = "istio-proxy";

/// The name of Linkerd's proxy, both as a container and as a row.
pub const LINKERD_PROXY: &str = "linkerd-proxy";

/// The facts about one well-known sidecar. The top of `catalogue.yaml` defines the fields.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts")]
pub struct Row {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// Globs on the container name.
    pub container_names: &'static [&'static str],
    /// Globs on the names of the ordinary init containers that belong to it.
    pub related_init_containers: &'static [&'static str],
    /// Globs on the image repository.
    pub images: &'static [&'static str],
    /// Its programs, where they are not called as its images or containers are; `PROGRAM WORD` where only with that argument they keep
    /// running.
    pub runs: &'static [&'static str],
    /// What makes an entry of `containers` this sidecar.
    pub matched_by: Match,
    /// Conditions that must all hold for the row to apply at all.
    pub only_when: &'static [Condition],
    /// Exceptions: if one holds, a matching entry of `containers` is the application or a task.
    pub except_when: &'static [Condition],
    /// If one of these holds, the container is a placeholder that the injector will fill in.
    pub stub_when: &'static [Condition],
    /// How much the application needs it.
    pub need: Need,
    /// Whether an entry of `containers` is this sidecar only beside an application.
    pub beside_app: bool,
    /// Whether an init container, if there is one, does the sidecar's first work before the application starts.
    pub served_by_init: bool,
    /// Exact names of containers that never run to completion.
    pub never_one_shot: &'static [&'static str],
    /// Whether the Pod's traffic is redirected through it.
    pub redirects_traffic: bool,
    /// Whether it exits by itself, so that a Job can complete.
    pub ends_itself: bool,
    /// If one of these holds, a configuration that the object does not show may make it exit after its first work.
    pub may_end_when: &'static [Condition],
    /// If one of these holds, the application may tell it to quit.
    pub may_be_ended_when: &'static [Condition],
    /// Whether all other classic sidecars of its Pod are ended, too.
    pub ends_others: bool,
    /// Whether its own readiness check depends on the application.
    pub needs_app: bool,
    /// A word of the `postStart` command that gates its native form as upstream ships it.
    pub native_gate: Option<&'static str>,
    /// A health path that may succeed only once the application does.
    pub may_follow_application: Option<&'static str>,
    /// A health path that succeeds only once the application does.
    pub follows_application: Option<Injectable<&'static str>>,
    /// The `startupProbe` that holds the application until the sidecar is ready, as JSON.
    pub startup_probe: Option<Injectable<&'static str>>,
    /// A command in its image that blocks until the sidecar is ready.
    pub wait_command: Option<Injectable<&'static [&'static str]>>,
    /// Whether it writes files into volumes for others to read.
    pub writes: bool,
    /// Its health server, where the kubelet may not reach it.
    pub health: Option<Health>,
    /// Unless one of these holds, it serves its clients at localhost only; empty where it does not.
    pub localhost_unless: &'static [Condition],
    /// Whether its image has a shell.
    pub has_shell: bool,
    /// What its user has to switch on so that there is something to probe, as an instruction; `{port}` stands for the port of its
    /// health server. Empty if there is nothing to say.
    pub hint: &'static str,
    /// The arguments that switch on what `startup_probe` asks; empty without the cargo feature `texts`.
    pub switch_on: &'static [&'static str],
    /// Where the facts were read; empty without the cargo feature `texts`.
    pub source: &'static str,
    /// The month in which they were last compared with `source`, or `unverified`; empty without the cargo feature `texts`.
    pub checked: &'static str,
}

/// What identifies an entry of `containers` as a row's sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Its name.
    Name,
    /// Its image.
    Image,
    /// Its name or its image.
    Either,
    /// Its name and its image.
    Both,
    /// Only a setting or the Pod's annotation, never the container itself.
    Declared,
}

impl Row {
    /// A row that claims nothing, for what a row of the file leaves out.
    pub(super) const BLANK: Self = Self {
        name: "",
        container_names: &[],
        related_init_containers: &[],
        images: &[],
        runs: &[],
        matched_by: Match::Declared,
        only_when: &[],
        except_when: &[],
        stub_when: &[],
        need: Need::None,
        beside_app: false,
        served_by_init: false,
        never_one_shot: &[],
        redirects_traffic: false,
        ends_itself: false,
        may_end_when: &[],
        may_be_ended_when: &[],
        ends_others: false,
        needs_app: false,
        native_gate: None,
        may_follow_application: None,
        follows_application: None,
        startup_probe: None,
        wait_command: None,
        writes: false,
        health: None,
        localhost_unless: &[],
        has_shell: false,
        hint: "",
        switch_on: &[],
        source: "",
        checked: "",
    };

    /// Whether an entry of `containers` is this sidecar.
    pub(super) fn recognises(&self, candidate: Candidate<'_>) -> bool {
        let is_match = match self.matched_by {
            Match::Name => self.has_name(&candidate.fields.name),
            Match::Image => self.has_image(candidate.repository),
            Match::Either => self.has_name(&candidate.fields.name) || self.has_image(candidate.repository),
            Match::Both => self.has_name(&candidate.fields.name) && self.has_image(candidate.repository),
            Match::Declared => false,
        };
        is_match && candidate.fulfils(self.only_when) && !self.may_be_task(candidate)
    }

    /// Whether a container with its name or image may be the application, or a task. What exits is restarted only in a Pod that keeps
    /// running.
    pub(crate) fn may_be_task(&self, candidate: Candidate<'_>) -> bool {
        candidate.is_excepted(self.except_when)
            || self.need != Need::None && !candidate.pod.runs_on() && !self.is_run_by(candidate.fields)
    }

    /// Whether a container already known to be a sidecar is this one.
    pub(super) fn describes(&self, candidate: Candidate<'_>) -> bool {
        let is_match = match self.matched_by {
            Match::Name => self.has_name(&candidate.fields.name),
            Match::Either => self.has_name(&candidate.fields.name) || self.has_image(candidate.repository),
            Match::Image | Match::Both | Match::Declared => self.has_image(candidate.repository),
        };
        is_match && candidate.fulfils(self.only_when)
    }

    /// Whether a container name is one of this sidecar's.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.container_names.iter().any(|glob| matches(glob, name))
    }

    /// Whether an ordinary init container of this name belongs to this sidecar.
    pub(crate) fn has_init_container(&self, name: &str) -> bool {
        self.related_init_containers.iter().any(|glob| matches(glob, name))
    }

    /// Whether an image repository is one of this sidecar's.
    #[must_use]
    pub fn has_image(&self, repository: &str) -> bool {
        self.images.iter().any(|glob| matches_repository(glob, repository))
    }

    /// Whether a container has the image that upstream publishes, with a shell in it: builds without a distribution have none.
    pub(crate) fn has_shell_in(&self, fields: &ContainerFields<'_>, repository: &str) -> bool {
        let image = &*fields.image;
        let is_bare =
            image.contains("distroless") || image.contains("chainguard") || image.starts_with("cgr.dev/");
        self.has_shell && !is_bare && self.has_image(repository)
    }

    /// Whether the container is a placeholder that the injector will fill in.
    pub(crate) fn is_placeholder(&self, candidate: Candidate<'_>) -> bool {
        candidate.fulfils_one(self.stub_when)
    }

    /// Whether a configuration that the object does not show may make the container exit after its first work.
    pub(crate) fn may_end(&self, candidate: Candidate<'_>) -> bool {
        candidate.is_excepted(self.may_end_when)
    }

    /// Whether the application may tell the container to quit.
    pub(crate) fn may_be_ended(&self, candidate: Candidate<'_>) -> bool {
        candidate.is_excepted(self.may_be_ended_when)
    }

    /// Whether this ordinary init container does the sidecar's first work. Its name alone does not tell, nor does a command that does
    /// nothing.
    pub(crate) fn is_served_by(&self, init_container: &ContainerFields<'_>) -> bool {
        let works = || outcome(&init_container.words().collect::<Vec<_>>()).ends == Ends::Unknown;
        self.served_by_init && self.has_image(&image::repository(&init_container.image)) && works()
    }

    /// What may be added to a container of this row, and the port to use instead of the one in it, if any. `None` if a condition is
    /// not proven or the image is not one of the row's: another image proves neither version nor path.
    #[must_use]
    pub fn proven<'r, T>(
        &self,
        injectable: &'r Injectable<T>,
        candidate: Candidate<'_>,
    ) -> Option<(&'r T, Option<u16>)> {
        let is_doubtful = self.health.as_ref().is_some_and(|health| health.is_doubtful(candidate));
        let is_known = self.has_image(candidate.repository) && !is_doubtful;
        if is_known { injectable.proven(candidate) } else { None }
    }

    /// What the user of a sidecar has to switch on so that there is something to probe, with the port that it has been given.
    #[must_use]
    pub fn hint_for(&self, candidate: Candidate<'_>) -> Option<String> {
        let probe = self.startup_probe.as_ref().and_then(|probe| probe.port.as_ref());
        let port = self.health.as_ref().map(|health| &health.port).or(probe);
        let port = port.and_then(|port| port.number(candidate)).map(|port| port.to_string());
        (!self.hint.is_empty()).then(|| self.hint.replace("{port}", port.as_deref().unwrap_or("its port")))
    }

    /// Whether this sidecar listens on a port unless told otherwise.
    #[must_use]
    pub fn listens_on(&self, port: i32) -> bool {
        let is_default = |source: &Option<PortSource>| {
            source.as_ref().and_then(|source| source.default).map(i32::from) == Some(port)
        };
        self.startup_probe.as_ref().is_some_and(|probe| is_default(&probe.port) || probes(probe.what, port))
    }

    /// Whether it serves its clients on a port at localhost only, where the kubelet does not reach it. Its health server is elsewhere.
    #[must_use]
    pub fn serves_at_localhost(&self, port: i32, candidate: Candidate<'_>) -> bool {
        let is_its = |source: &PortSource| source.number(candidate).is_some_and(|own| i32::from(own) == port);
        let health = self.health.as_ref().map(|health| &health.port);
        let probe = self.startup_probe.as_ref().and_then(|probe| probe.port.as_ref());
        !self.localhost_unless.is_empty()
            && !health.into_iter().chain(probe).any(is_its)
            && !candidate.fulfils_one(self.localhost_unless)
    }

    /// Whether this is the row of Istio's proxy.
    #[must_use]
    pub fn is_istio_proxy(&self) -> bool {
        self.name == ISTIO_PROXY
    }
}

/// Whether a probe, as JSON, has this port.
fn probes(probe: &str, port: i32) -> bool {
    let number = format!("\"port\":{port}");
    probe.split(number.as_str()).skip(1).any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}
