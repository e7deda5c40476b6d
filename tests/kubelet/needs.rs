//! Who may truly need whom, as far as the Pod's evidence allows (the project's design, "The start-up graph"), and worlds drawn from it.

mod files;
mod kinds;
mod ports;

pub(crate) use kinds::{About, Declared, Need};
pub(crate) use ports::port_of;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::commands::{self, Asks};
use crate::pod::{Container, Pod};
use crate::products;

/// What all worlds of one Pod have in common.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) needs: Vec<Need>,
    /// Its containers, to give each its time to come up.
    names: Vec<String>,
    servers: BTreeSet<String>,
}

/// The truth about a Pod: which of the possible needs there are, and how long everybody takes.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) needs: Vec<Need>,
    pub(crate) warm_up: BTreeMap<String, u64>,
    /// Those that run for ever.
    pub(crate) servers: BTreeSet<String>,
}

impl Evidence {
    /// Gathers the evidence of a Pod to which all injectors have added their containers, `injected`.
    pub(crate) fn of(object: &Value, injected: &BTreeSet<String>, declared: &[Declared]) -> Self {
        let pod = Pod::read(object);
        let mut needs = files::needs(&pod, injected, declared);
        needs.extend(ports::needs(&pod));
        needs.extend(of_network_and_products(&pod, injected));
        // What the operator calls a sidecar, and what is no other command, runs for ever.
        let is_server = |container: &Container<'_>| {
            let is_declared = declared.iter().any(|declared| declared.name == container.name);
            products::is_server(container) || is_declared
        };
        let names = |is_meant: &dyn Fn(&Container<'_>) -> bool| -> Vec<String> {
            let meant = pod.containers.iter().filter(|container| is_meant(container));
            meant.map(|container| container.name.to_owned()).collect()
        };
        Self { needs, names: names(&|_| true), servers: names(&is_server).into_iter().collect() }
    }

    /// Adds what a container that a repair inserts would need, out of the evidence of the Pod with it.
    pub(crate) fn add(&mut self, name: &str, with_it: Self) {
        self.needs.extend(with_it.needs.into_iter().filter(|need| need.asker == name));
        self.names.push(name.to_owned());
        self.servers.insert(name.to_owned());
    }

    /// A world with all possible needs, or with none.
    pub(crate) fn extreme(&self, has_possible: bool) -> World {
        self.world(|_| has_possible, |place| place as u64 % 4 + 1)
    }

    /// A world drawn at random.
    pub(crate) fn draw(&self, seed: u64) -> World {
        self.world(|place| mix(seed, place).is_multiple_of(2), |place| mix(!seed, place) % 9)
    }

    fn world(&self, is_true: impl Fn(usize) -> bool, warm_up: impl Fn(usize) -> u64) -> World {
        let needs = self.needs.iter().enumerate().filter(|(place, need)| need.is_proven || is_true(*place));
        let names = self.names.iter().enumerate();
        World {
            needs: needs.map(|(_, need)| need.clone()).collect(),
            warm_up: names.map(|(place, name)| (name.clone(), warm_up(place))).collect(),
            servers: self.servers.clone(),
        }
    }
}

impl World {
    pub(crate) fn of<'w>(&'w self, asker: &'w str) -> impl Iterator<Item = &'w Need> {
        self.needs.iter().filter(move |need| need.asker == asker)
    }
}

/// splitmix64 (<https://prng.di.unimi.it/splitmix64.c>): a draw must not depend on how many came before it.
fn mix(seed: u64, place: usize) -> u64 {
    let mut z = seed.wrapping_add((place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn of_network_and_products(pod: &Pod<'_>, injected: &BTreeSet<String>) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut may = |asker: &str, about| {
        needs.push(Need { asker: asker.to_owned(), about, providers: Vec::new(), is_proven: false });
    };
    let is_in_mesh = pod
        .containers
        .iter()
        .any(|container| products::is_mesh_proxy(container.name) && !injected.contains(container.name));
    for container in &pod.containers {
        if container.words.iter().any(|word| word.starts_with("--config-file")) {
            may(container.name, About::ConfigFile);
        }
        if is_in_mesh && !container.is_ordinary_init() && !products::is_mesh_proxy(container.name) {
            may(container.name, About::MutualTls);
        }
        let asks_elsewhere = commands::read(container.words.iter().copied()).asks == Asks::Elsewhere;
        if container.is_ordinary_init() && asks_elsewhere {
            may(container.name, About::Network);
        }
    }
    needs
}
