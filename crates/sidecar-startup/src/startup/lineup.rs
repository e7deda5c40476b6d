//! The members of the start-up graph, in start order, and which of them waits for which.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use k8s_openapi::api::core::v1::{ContainerPort, LifecycleHandler, Probe};

use super::graph::{Graph, Member};
use super::injectors::{Injected, Part, Spot, injected};
use super::seat::{Seat, Who, hangs};
use crate::model::container_id::ContainerId;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::pod::listeners::claimed_ports;
use crate::settings::Settings;

/// The members of a start-up graph, in the order in which they start.
#[derive(Debug)]
pub(crate) struct Lineup<'p> {
    /// The Pod.
    pub(crate) pod: &'p Pod<'p>,
    /// The members.
    pub(crate) seats: Vec<Seat<'p>>,
    owners: OnceCell<BTreeMap<i32, Rc<[Member]>>>,
    claims: OnceCell<BTreeMap<i32, Member>>,
}

/// Where a container goes among the init containers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'i> {
    /// Those that start before it, in order.
    pub(crate) earlier: &'i [ContainerId],
    /// Those that start after it, in order.
    pub(crate) later: &'i [ContainerId],
}

impl<'i> Place<'i> {
    /// The place before the init container at `position` in `init`.
    pub(crate) fn at(init: &'i [ContainerId], position: usize) -> Self {
        let (earlier, later) = init.split_at_checked(position).unwrap_or((init, &[]));
        Self { earlier, later }
    }

    /// The place of a container that is in `init` already.
    pub(crate) fn of(init: &'i [ContainerId], container: ContainerId) -> Self {
        let position = init.iter().position(|other| *other == container);
        position.map_or(Self::at(init, init.len()), |position| Self {
            earlier: init.get(..position).unwrap_or_default(),
            later: init.get(position + 1..).unwrap_or_default(),
        })
    }

    /// The init container that it goes before; none for the end.
    pub(crate) fn before(self) -> Option<ContainerId> {
        self.later.first().copied()
    }
}

/// Which hooks in `containers` hold back what comes after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// As in the kubelet: those that cannot return. The others only delay it.
    Real,
    /// All of them, and so does a proxy that an injector lists first.
    Strict,
}

impl<'p> Lineup<'p> {
    /// The members of a Pod as it is.
    pub(crate) fn of(pod: &'p Pod<'p>, settings: &Settings) -> Self {
        let init = pod.init_containers().map(Seat::there).collect();
        Self::arranged(pod, settings, init, pod.app_list().map(Seat::there).collect())
    }

    /// The members once a container is a sidecar container at a place among the init containers, with `probe` as its `startupProbe`; if
    /// that is none, with its own.
    pub(crate) fn with_sidecar(
        pod: &'p Pod<'p>,
        settings: &Settings,
        container: &'p Container<'p>,
        place: Place<'_>,
        probe: Option<Probe>,
    ) -> Self {
        // An entry of `containers` in this list has been moved by the same repair.
        let at = |id: &ContainerId| {
            let other = pod.get(*id)?;
            Some(if other.is_init() { Seat::there(other) } else { Seat::as_sidecar(other, None) })
        };
        let mut init: Vec<_> =
            place.earlier.iter().filter(|id| **id != container.id).filter_map(at).collect();
        init.push(Seat::as_sidecar(container, probe));
        init.extend(place.later.iter().filter(|id| **id != container.id).filter_map(at));
        let mut moved = BTreeSet::new();
        moved.extend(place.earlier.iter().chain(place.later).chain([&container.id]).copied());
        let apps = pod.app_list().filter(|other| !moved.contains(&other.id)).map(Seat::there).collect();
        Self::arranged(pod, settings, init, apps)
    }

    /// The members with one more ordinary init container, of this name, at a place among the init containers.
    pub(crate) fn with_task(pod: &'p Pod<'p>, settings: &Settings, name: &str, place: Place<'_>) -> Self {
        let at = |id: &ContainerId| pod.get(*id).map(Seat::there);
        let task = Injected { name: name.to_owned().into(), part: Part::Other, spot: Spot::LastInit };
        let mut init: Vec<_> = place.earlier.iter().filter_map(at).collect();
        init.push(Seat::injected(task, true));
        init.extend(place.later.iter().filter_map(at));
        Self::arranged(pod, settings, init, pod.app_list().map(Seat::there).collect())
    }

    /// The members with the entries of `containers` in this order, and with `hook` as the `postStart` hook of one of them; if that is none,
    /// with its own.
    pub(crate) fn with_hook(
        pod: &'p Pod<'p>,
        settings: &Settings,
        container: ContainerId,
        hook: Option<LifecycleHandler>,
        apps: &[ContainerId],
    ) -> Self {
        let mut apps: Vec<_> = apps.iter().filter_map(|id| pod.get(*id)).map(Seat::there).collect();
        let is_its = |seat: &&mut Seat<'_>| seat.container().is_some_and(|own| own.id == container);
        if let (Some(hook), Some(seat)) = (hook, apps.iter_mut().find(is_its)) {
            seat.set_hook(hook);
        }
        Self::arranged(pod, settings, pod.init_containers().map(Seat::there).collect(), apps)
    }

    fn arranged(pod: &'p Pod<'p>, settings: &Settings, init: Vec<Seat<'p>>, apps: Vec<Seat<'p>>) -> Self {
        let all = injected(pod, settings);
        let at = |spot: Spot, is_init: bool| {
            let there = all.iter().filter(move |injected| injected.spot == spot).cloned();
            there.map(move |injected| Seat::injected(injected, is_init))
        };
        let mut seats: Vec<_> = at(Spot::FirstInit, true).collect();
        seats.extend(init);
        seats.extend(at(Spot::LastInit, true));
        seats.extend(at(Spot::FirstApp, false));
        seats.extend(apps);
        seats.extend(at(Spot::LastApp, false));
        Self { pod, seats, owners: OnceCell::new(), claims: OnceCell::new() }
    }

    /// The members with their positions.
    pub(crate) fn members(&self) -> impl DoubleEndedIterator<Item = (Member, &Seat<'p>)> + ExactSizeIterator {
        self.seats.iter().enumerate()
    }

    /// The members that are applications, with their positions.
    pub(crate) fn apps(&self) -> impl Iterator<Item = (Member, &Seat<'p>)> {
        self.members().filter(|(_, seat)| seat.container().is_some_and(Container::is_app))
    }

    /// The members that declare a TCP port; none if nobody does.
    pub(crate) fn owners_of(&self, port: i32) -> Option<&Rc<[Member]>> {
        self.owners.get_or_init(|| self.owners()).get(&port)
    }

    /// The first application that says that it listens on a port.
    pub(crate) fn claimant_of(&self, port: i32) -> Option<Member> {
        let claims = self.claims.get_or_init(|| {
            let mut claims = BTreeMap::new();
            for (member, app) in self.apps() {
                for port in app.container().map(claimed_ports).unwrap_or_default() {
                    claims.entry(port).or_insert(member);
                }
            }
            claims
        });
        claims.get(&port).copied()
    }

    fn owners(&self) -> BTreeMap<i32, Rc<[Member]>> {
        let mut owners: BTreeMap<i32, Vec<Member>> = BTreeMap::new();
        for (member, seat) in self.members() {
            let ports =
                seat.container().map(|container| container.fields.ports.as_slice()).unwrap_or_default();
            let is_tcp = |port: &&ContainerPort| port.protocol.as_deref().is_none_or(|name| name == "TCP");
            for port in ports.iter().filter(is_tcp) {
                owners.entry(port.container_port).or_default().push(member);
            }
        }
        let mut shared = BTreeMap::new();
        shared.extend(owners.into_iter().map(|(port, owners)| (port, owners.into())));
        shared
    }

    /// How a message about the member with the name `it` names a member.
    pub(crate) fn name_of(&self, member: Member, it: Option<&str>) -> String {
        match self.seats.get(member) {
            Some(seat) if it == Some(seat.name()) => "it".to_owned(),
            Some(seat) => seat.quoted(),
            None => String::new(),
        }
    }

    /// The graph of who waits for whose gate, without needs.
    pub(crate) fn graph(&self, waits: Waits) -> Graph {
        let holds: Vec<_> = self.seats.iter().map(|seat| holds(seat, waits)).collect();
        Graph::new(&holds)
    }
}

/// Whether the next member waits for the gate of this one.
fn holds(seat: &Seat<'_>, waits: Waits) -> bool {
    seat.is_init
        || match waits {
            Waits::Strict => {
                seat.hook().is_some()
                    || matches!(&seat.who, Who::Injected(injected) if injected.spot == Spot::FirstApp)
            }
            Waits::Real => seat.hook().is_some_and(hangs),
        }
}
