//! What is known of one sidecar.

use super::candidate::Candidate;
use super::condition::Condition;
use super::injectable::Injectable;
use crate::model::glob::{matches, matches_repository};
use crate::model::image;
use crate::model::object::ContainerFields;
use crate::settings::action::Need;

/// What Istio calls its proxy, and so does the catalogue.
pub const ISTIO_PROXY: &str = "istio-proxy";

/// What is known of one sidecar. The fields are explained at the top of `catalogue.yaml`.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts")]
pub struct Row {
    /// What the catalogue calls it.
    pub name: &'static str,
    /// Globs on the container name.
    pub container_names: &'static [&'static str],
    /// Globs on the names of the ordinary init containers that belong to it.
    pub related_init_containers: &'static [&'static str],
    /// Globs on the image repository.
    pub images: &'static [&'static str],
    /// What makes an entry of `containers` this sidecar.
    pub matched_by: Match,
    /// What must all hold for the row to apply at all.
    pub only_when: &'static [Condition],
    /// Where an entry of `containers` is the application all the same.
    pub except_when: &'static [Condition],
    /// Where the injector is still to fill the container in.
    pub stub_when: &'static [Condition],
    /// What the application needs of it.
    pub need: Need,
    /// Whether an init container of its own has done the first work, where there is one.
    pub served_by_init: bool,
    /// The names of containers that never run to completion.
    pub never_one_shot: &'static [&'static str],
    /// Whether the Pod's traffic goes through it.
    pub redirects_traffic: bool,
    /// Whether it lets a Job complete.
    pub ends_itself: bool,
    /// Whether all other classic sidecars are ended in a Pod with it.
    pub ends_others: bool,
    /// Whether the readiness that it ships depends on the application.
    pub needs_app: bool,
    /// A word of the hook that upstream makes the gate of the native form.
    pub native_gate: Option<&'static str>,
    /// The path that it answers only once the application does.
    pub follows_application: Option<Injectable<&'static str>>,
    /// The probe that holds an application until it is ready, as JSON.
    pub startup_probe: Option<Injectable<&'static str>>,
    /// The command in its image that blocks until it is ready.
    pub wait_command: Option<Injectable<&'static [&'static str]>>,
    /// Whether its image has a shell.
    pub has_shell: bool,
    /// Where the facts were read.
    pub source: &'static str,
}

/// What makes an entry of `containers` a row's sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Its name.
    Name,
    /// Its image.
    Image,
    /// One of the two.
    Either,
    /// Both together.
    Both,
    /// Nothing that stands in the container itself.
    Declared,
}

impl Row {
    /// Whether an entry of `containers` is this sidecar.
    pub(super) fn recognises(&self, candidate: Candidate<'_>) -> bool {
        let is_match = match self.matched_by {
            Match::Name => self.has_name(&candidate.fields.name),
            Match::Image => self.has_image(candidate.repository),
            Match::Either => self.has_name(&candidate.fields.name) || self.has_image(candidate.repository),
            Match::Both => self.has_name(&candidate.fields.name) && self.has_image(candidate.repository),
            Match::Declared => false,
        };
        is_match && candidate.fulfils(self.only_when) && !candidate.is_excepted(self.except_when)
    }

    /// Whether a container that is a sidecar anyway is this one.
    pub(super) fn describes(&self, candidate: Candidate<'_>) -> bool {
        let is_match = match self.matched_by {
            Match::Name => self.has_name(&candidate.fields.name),
            Match::Either => self.has_name(&candidate.fields.name) || self.has_image(candidate.repository),
            Match::Image | Match::Both | Match::Declared => self.has_image(candidate.repository),
        };
        is_match && candidate.fulfils(self.only_when)
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.container_names.iter().any(|glob| matches(glob, name))
    }

    /// Whether an ordinary init container of this name belongs to it.
    pub(crate) fn has_init_container(&self, name: &str) -> bool {
        self.related_init_containers.iter().any(|glob| matches(glob, name))
    }

    /// Whether an image repository is one of those that upstream publishes.
    #[must_use]
    pub fn has_image(&self, repository: &str) -> bool {
        self.images.iter().any(|glob| matches_repository(glob, repository))
    }

    /// Whether the container only marks the place for one that the injector makes.
    pub(crate) fn is_placeholder(&self, candidate: Candidate<'_>) -> bool {
        candidate.fulfils_one(self.stub_when)
    }

    /// Whether an ordinary init container of the Pod has done this sidecar's first work.
    pub(crate) fn is_served_by(&self, init_container: &ContainerFields<'_>) -> bool {
        self.served_by_init
            && (self.has_init_container(&init_container.name)
                || self.has_image(&image::repository(&init_container.image)))
    }

    /// What may be put on a container of this row, and the port to put in it, where that differs from its own. Nothing where a
    /// condition is not proven; an image that upstream does not publish proves neither version nor path.
    #[must_use]
    pub fn proven<'r, T>(
        &self,
        injectable: &'r Injectable<T>,
        candidate: Candidate<'_>,
    ) -> Option<(&'r T, Option<u16>)> {
        if self.has_image(candidate.repository) { injectable.proven(candidate) } else { None }
    }

    /// Whether it is Istio's proxy.
    #[must_use]
    pub fn is_istio_proxy(&self) -> bool {
        self.name == ISTIO_PROXY
    }
}
