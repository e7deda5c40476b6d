//! Measures `validate`. Times depend on the machine; compare the ratios.
//!
//! The first table gives multiples of the floor: a module that does not read the request. The three modules take turns in one run, each in
//! one long-lived instance, as in `kwctl bench`, and the host's work counts. In the other tables only the guest's counts.

#![expect(clippy::indexing_slicing, reason = "a benchmark")]

mod guest;
mod hostile;
mod median;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bench_pods::{clean_pod, request};
use policy_host::{AdmissionRequest, Instance, PolicyModule};
use serde_json::{Value, json};

use self::median::median;

/// The number of turns per module, and of containers per turn, so that large Pods take no longer than small ones.
const TURNS: usize = 40;
const CONTAINERS_IN_A_TURN: usize = 500;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).context("usage: bench-ratios FOLDER-OF-MODULES")?;
    let module = |file: &str| {
        let path = Path::new(&folder).join(file).with_extension("wasm");
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        PolicyModule::compile(&bytes)
    };
    let policy = module("sidecar_startup_policy")?;
    let instances = [
        ("floor", module("bench_floor")?.instantiate()?),
        ("typed read", module("bench_typed_read")?.instantiate()?),
        ("this policy", policy.instantiate()?),
    ];
    println!("{:<34}{:>10}  typed read   this policy", "request", "floor");
    for (containers, variables) in [(1, 0), (10, 24), (50, 24), (500, 24)] {
        measure(containers, &instances, &clean_pod(containers, variables))?;
    }
    guest::measure(&policy)?;
    hostile::measure(&policy)
}

fn measure(containers: usize, modules: &[(&str, Instance)], object: &Value) -> anyhow::Result<()> {
    let request = AdmissionRequest::from_value(request("CREATE", object, None))?;
    let settings = json!({});
    let mut times = vec![Vec::new(); modules.len()];
    for _ in 0..TURNS {
        for ((module, instance), times) in modules.iter().zip(&mut times) {
            for _ in 0..CONTAINERS_IN_A_TURN / containers {
                let start = Instant::now();
                // `kwctl bench` measures the clone as well.
                let response = instance.validate(request.clone(), &settings);
                times.push(start.elapsed());
                ensure!(
                    response.allowed && response.warnings.is_none(),
                    "{module} does not accept a clean Pod"
                );
            }
        }
    }
    let medians: Vec<_> = times.into_iter().map(median).collect();
    let [floor, typed, policy] = medians.as_slice() else {
        return Ok(());
    };
    let ratio = |time: &Duration| time.as_secs_f64() / floor.as_secs_f64();
    let kilobytes = object.to_string().len().div_ceil(1000);
    println!(
        "{:<34}{:>7.1} us  {:>9.2}x  {:>11.2}x",
        format!("clean Pod, containers {containers}, {kilobytes} kB"),
        floor.as_secs_f64() * 1e6,
        ratio(typed),
        ratio(policy)
    );
    Ok(())
}
