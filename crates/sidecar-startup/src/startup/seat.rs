//! A member of the start-up graph: a container where it is, where a repair would put it, or one that an injector will add.

use std::borrow::Cow;

use k8s_openapi::api::core::v1::{LifecycleHandler, Probe};

use super::injectors::{Injected, Part};
use crate::catalogue::row::ISTIO_PROXY;
use crate::command::{local_waits, outcome};
use crate::pod::container::{Container, ContainerKind};

/// A member of the start-up graph.
#[derive(Debug, Clone)]
pub(crate) struct Seat<'p> {
    /// What it is.
    pub(crate) who: Who<'p>,
    /// Whether it is an init container or a sidecar container.
    pub(crate) is_init: bool,
    /// The `startupProbe` that holds back what comes after it.
    probe: Option<Cow<'p, Probe>>,
    /// The `postStart` hook that holds back or delays what comes after it.
    hook: Option<Cow<'p, LifecycleHandler>>,
}

/// A container of the Pod, or one that an injector will add.
#[derive(Debug, Clone)]
pub(crate) enum Who<'p> {
    /// A container of the Pod.
    Container(&'p Container<'p>),
    /// A container that an injector will add.
    Injected(Injected),
}

impl<'p> Seat<'p> {
    /// A container that an injector will add.
    pub(super) fn injected(injected: Injected, is_init: bool) -> Self {
        Self { who: Who::Injected(injected), is_init, probe: None, hook: None }
    }

    /// A container in the list where it is now.
    pub(super) fn there(container: &'p Container<'p>) -> Self {
        let probe = container.fields.startup_probe.as_ref().filter(|_| container.is_native_sidecar());
        Self {
            who: Who::Container(container),
            is_init: container.is_init(),
            probe: probe.map(Cow::Borrowed),
            hook: hook_of(container),
        }
    }

    /// A container that becomes a sidecar container, with this `startupProbe`; without one, with its own.
    pub(super) fn as_sidecar(container: &'p Container<'p>, probe: Option<Probe>) -> Self {
        let own = || container.fields.startup_probe.as_ref().map(Cow::Borrowed);
        let probe = probe.map(Cow::Owned).or_else(own);
        Self { who: Who::Container(container), is_init: true, probe, hook: hook_of(container) }
    }

    /// Gives it this `postStart` hook.
    pub(super) fn set_hook(&mut self, hook: LifecycleHandler) {
        self.hook = Some(Cow::Owned(hook));
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        match &self.who {
            Who::Container(container) => &container.fields.name,
            Who::Injected(injected) => &injected.name,
        }
    }

    /// Its name, for messages.
    pub(crate) fn quoted(&self) -> String {
        match &self.who {
            Who::Container(container) => container.name().to_string(),
            Who::Injected(injected) => injected.quoted(),
        }
    }

    /// The container; none if an injector will add it.
    pub(crate) const fn container(&self) -> Option<&'p Container<'p>> {
        match &self.who {
            Who::Container(container) => Some(container),
            Who::Injected(_) => None,
        }
    }

    /// Whether it is an ordinary init container, which runs to completion.
    pub(crate) fn is_task(&self) -> bool {
        match &self.who {
            Who::Container(container) => container.is_init_task(),
            Who::Injected(injected) => self.is_init && !matches!(injected.part, Part::Proxy { .. }),
        }
    }

    /// Whether the Pod's traffic is redirected to it.
    pub(crate) fn is_proxy(&self) -> bool {
        match &self.who {
            // Istio's placeholder stands for its proxy.
            Who::Container(container) => {
                container.redirects_traffic()
                    || (matches!(container.kind, ContainerKind::InjectorPlaceholder)
                        && *container.fields.name == *ISTIO_PROXY)
            }
            Who::Injected(injected) => matches!(injected.part, Part::Proxy { .. }),
        }
    }

    /// The `startupProbe` that holds back what comes after it.
    pub(crate) fn startup_probe(&self) -> Option<&Probe> {
        self.probe.as_deref()
    }

    /// The `postStart` hook that holds back or delays what comes after it.
    pub(crate) fn hook(&self) -> Option<&LifecycleHandler> {
        self.hook.as_deref()
    }
}

fn hook_of<'p>(container: &'p Container<'p>) -> Option<Cow<'p, LifecycleHandler>> {
    let hook = container.fields.post_start().filter(|_| !container.is_init_task());
    hook.map(Cow::Borrowed)
}

/// Whether a hook sleeps forever, or does not return until what it waits for answers.
pub(crate) fn hangs(hook: &LifecycleHandler) -> bool {
    let words = hook.exec.as_ref().and_then(|exec| exec.command.as_deref()).unwrap_or_default();
    outcome(words).sleeps == u32::MAX || local_waits(words).iter().any(|ask| ask.waits)
}
