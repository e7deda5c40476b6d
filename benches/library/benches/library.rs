//! Measures the library natively: what an answer costs without a module and its host.

use bench_pods::{Gate, clean_pod, create, pod, repairable, strict};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use sidecar_startup::validate;

/// Pods without violations, of more and more containers.
fn clean(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("clean");
    for containers in [1, 10, 50, 500] {
        let payload = create(&clean_pod(containers, 24), &json!({}));
        group.throughput(Throughput::Bytes(payload.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(containers), |bencher| {
            bencher.iter(|| assert!(validate(&payload).is_allowed()));
        });
    }
    group.finish();
}

/// Pods that are judged, and repaired.
fn repaired(criterion: &mut Criterion) {
    for (name, pod) in repairable() {
        let [judged, repaired] = ["None", "All"].map(|fix| create(&pod, &strict(fix)));
        let mut group = criterion.benchmark_group(name);
        group.bench_function("judged", |bencher| bencher.iter(|| assert!(!validate(&judged).is_allowed())));
        group.bench_function("repaired", |bencher| {
            bencher.iter(|| assert!(validate(&repaired).object().is_some()));
        });
        group.finish();
    }
}

/// Repairs Pods of more and more sidecars.
fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("probes to derive");
    group.sample_size(10);
    for sidecars in [1, 10, 100, 400, 1600] {
        let payload = create(&pod(1, 24, sidecars, Gate::Readiness), &json!({"fix": "All"}));
        group.throughput(Throughput::Elements(sidecars as u64));
        group.bench_function(BenchmarkId::from_parameter(sidecars), |bencher| {
            bencher.iter(|| assert!(validate(&payload).object().is_some()));
        });
    }
    group.finish();
}

criterion_group!(benches, clean, repaired, growth);
criterion_main!(benches);
