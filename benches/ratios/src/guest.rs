//! What the guest alone takes.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bench_pods::{Gate, clean_pod, create, payload, pod, repairable, strict};
use policy_host::{Instance, PolicyModule};
use serde_json::{Value, json};

use crate::median::median;

/// The number of calls of one request: as many as fit into about this many bytes, within limits.
const BYTES: usize = 4_000_000;

/// The largest object that etcd holds, in bytes.
const LARGEST: usize = 1_500_000;

/// What the policy answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Allowed,
    Denied,
    Repaired,
}

/// Prints all tables about the guest.
///
/// # Errors
/// The module cannot be instantiated, fails, or answers otherwise than expected.
pub(crate) fn measure(policy: &PolicyModule) -> anyhow::Result<()> {
    answers(policy)?;
    updates(policy)?;
    growth(policy)?;
    largest(policy)
}

/// Judges the same Pod with and without repairs.
fn answers(policy: &PolicyModule) -> anyhow::Result<()> {
    println!("\n{:<44}{:>14}{:>14}{:>10}", "guest only", "judged", "repaired", "ratio");
    let instance = policy.instantiate()?;
    let clean = [
        ("1 container, 3 sidecars, clean", pod(1, 24, 3, Gate::Startup)),
        ("10 containers, 3 sidecars, clean", pod(10, 24, 3, Gate::Startup)),
    ];
    let clean = clean.map(|(name, pod)| (name, pod, Answer::Allowed));
    let denied = repairable().map(|(name, pod)| (name, pod, Answer::Denied));
    for (name, pod, judged) in clean.into_iter().chain(denied) {
        let payload = |fix: &str| create(&pod, &strict(fix));
        let repaired = if judged == Answer::Allowed { Answer::Allowed } else { Answer::Repaired };
        let requests = [(payload("None"), judged), (payload("All"), repaired)];
        let [judged, repaired] = times(&instance, &requests)?;
        let ratio = ratio(&repaired, &judged);
        println!("{name:<44}{:>11.1} us{:>11.1} us{ratio:>9.2}x", typical(judged), typical(repaired));
    }
    Ok(())
}

/// Judges changes, as multiples of the same Pod's creation.
fn updates(policy: &PolicyModule) -> anyhow::Result<()> {
    println!("\n{:<44}{:>14}{:>10}", "guest only, as multiples of CREATE", "", "ratio");
    let instance = policy.instantiate()?;
    let pod = pod(10, 24, 3, Gate::Startup);
    let base = create(&pod, &json!({}));
    let mut changed = pod.clone();
    changed["spec"]["containers"][0]["image"] = "registry.example.com/team/worker:1.2.4".into();
    for (name, object) in [("UPDATE that changes nothing", &pod), ("UPDATE of an image", &changed)] {
        let payload = payload("UPDATE", object, Some(&pod), &json!({}));
        let requests = [(base.clone(), Answer::Allowed), (payload, Answer::Allowed)];
        let [base, update] = times(&instance, &requests)?;
        let ratio = ratio(&update, &base);
        println!("{name:<44}{:>11.1} us{ratio:>9.2}x", typical(update));
    }
    Ok(())
}

/// Judges and repairs Pods of more and more sidecars.
fn growth(policy: &PolicyModule) -> anyhow::Result<()> {
    println!("\n{:<44}{:>14}{:>14}{:>14}", "guest only, per sidecar", "clean", "denied", "repaired");
    let instance = policy.instantiate()?;
    for sidecars in [1, 10, 100, 400, 1600] {
        let clean = create(&pod(1, 24, sidecars, Gate::Startup), &json!({}));
        let object = pod(1, 24, sidecars, Gate::Readiness);
        let denied = create(&object, &json!({}));
        let repaired = create(&object, &json!({"fix": "All"}));
        #[expect(clippy::cast_precision_loss, reason = "they are few")]
        let per_sidecar = |time: f64| time / sidecars as f64;
        let requests = [(clean, Answer::Allowed), (denied, Answer::Denied), (repaired, Answer::Repaired)];
        let [clean, denied, repaired] = times(&instance, &requests)?.map(|times| per_sidecar(typical(times)));
        println!(
            "{:<44}{clean:>11.1} us{denied:>11.1} us{repaired:>11.1} us",
            format!("{sidecars} sidecars")
        );
    }
    Ok(())
}

/// Judges and repairs the largest objects.
fn largest(policy: &PolicyModule) -> anyhow::Result<()> {
    println!("\n{:<44}{:>8}{:>14}{:>14}", "guest only, the largest objects", "MB", "time", "peak memory");
    let fill = |mut pod: Value| {
        let room = LARGEST.saturating_sub(pod.to_string().len());
        pod["metadata"]["annotations"] = json!({"note": "x".repeat(room)});
        pod
    };
    let containers = LARGEST / (clean_pod(101, 24).to_string().len() / 101);
    for (name, pod, fix, answer) in [
        ("one long annotation, clean", fill(clean_pod(2, 24)), "None", Answer::Allowed),
        ("many containers, clean", fill(clean_pod(containers, 24)), "None", Answer::Allowed),
        ("one long annotation, repaired", fill(pod(2, 24, 3, Gate::Readiness)), "All", Answer::Repaired),
        ("many containers, repaired", fill(pod(containers, 24, 3, Gate::Readiness)), "All", Answer::Repaired),
    ] {
        let instance = policy.instantiate()?;
        let payload = create(&pod, &json!({"fix": fix}));
        fs::write("/proc/self/clear_refs", "5")?;
        let before = resident("VmRSS:")?;
        ask(&instance, &payload, answer)?;
        let peak = resident("VmHWM:")?.saturating_sub(before);
        let size = payload.len() / 1_000_000;
        let [times] = times(&instance, &[(payload, answer)])?;
        println!("{name:<44}{size:>8}{:>11.1} ms{:>11} MB", typical(times) / 1000.0, peak / 1000);
    }
    Ok(())
}

/// The resident memory of this process, or its peak, in kB. It has the guest's memory in it, and the host's copies of the request and of
/// the answer.
fn resident(field: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB"));
    Ok(value.context("no memory in /proc/self/status")?.parse()?)
}

/// The times of some requests, which take turns: whatever else the machine does, it does to all of them.
fn times<const N: usize>(
    instance: &Instance,
    requests: &[(String, Answer); N],
) -> anyhow::Result<[Vec<Duration>; N]> {
    let longest = requests.iter().map(|(payload, _)| payload.len()).max().unwrap_or(BYTES);
    let mut times = [const { Vec::new() }; N];
    for _ in 0..(BYTES / longest).clamp(5, 1000) {
        for ((payload, expected), times) in requests.iter().zip(&mut times) {
            let begin = Instant::now();
            ask(instance, payload, *expected)?;
            times.push(begin.elapsed());
        }
    }
    Ok(times)
}

/// The median, in microseconds.
fn typical(times: Vec<Duration>) -> f64 {
    median(times).as_secs_f64() * 1e6
}

/// The median of how many times longer each call took than the one before it.
fn ratio(times: &[Duration], before: &[Duration]) -> f64 {
    let pairs = times.iter().zip(before);
    median(pairs.map(|(time, before)| time.div_duration_f64(*before)).collect())
}

fn ask(instance: &Instance, payload: &str, expected: Answer) -> anyhow::Result<()> {
    let answer = instance.call("validate", payload.as_bytes())?;
    // Enough to tell the answers apart without parsing what may be large.
    let has = |text: &[u8]| answer.windows(text.len()).any(|window| window == text);
    let found = if has(br#""accepted":false"#) {
        Answer::Denied
    } else if has(br#""mutated_object":{"#) {
        Answer::Repaired
    } else {
        Answer::Allowed
    };
    ensure!(found == expected, "expected {expected:?}, found {found:?}");
    Ok(())
}
