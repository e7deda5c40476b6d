//! Prints how long the command takes, and how much memory: for many files, for a large file, and for a large list.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    fs::create_dir_all(folder.join("many")).unwrap();
    for index in 0..1000 {
        fs::write(folder.join(format!("many/{index}.yaml")), deployment(index)).unwrap();
    }
    let mut large = BufWriter::new(File::create(folder.join("large.yaml")).unwrap());
    for index in 0..50_000 {
        large.write_all(deployment(index).as_bytes()).unwrap();
    }
    large.into_inner().unwrap();
    list(&folder.join("list.json"));
    println!("{:<44}{:>8}{:>10}{:>14}{:>12}", "", "MB", "seconds", "first output", "peak MB");
    measure("1,000 files", &folder.join("many"), &[]);
    measure("50,000 documents in a file", &folder.join("large.yaml"), &[]);
    measure("a List of 20,000 Pods", &folder.join("list.json"), &[]);
    measure("the same, --summary", &folder.join("list.json"), &["--summary"]);
    measure("the same, --suggest-settings", &folder.join("list.json"), &["--suggest-settings"]);
}

fn measure(name: &str, path: &Path, options: &[&str]) {
    let begin = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidecar-startup"));
    let mut child = command.arg("check").arg(path).args(options).stdout(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        output.fill_buf().unwrap();
        let first = begin.elapsed();
        output.read_to_end(&mut Vec::new()).unwrap();
        first
    });
    // The peak only ever rises, so what was read last is right but for the last milliseconds.
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak_of(&status).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    let seconds = begin.elapsed().as_secs_f64();
    let first = reader.join().unwrap().as_secs_f64();
    println!("{name:<44}{:>8}{seconds:>10.2}{first:>14.3}{:>12}", size(path) / 1_000_000, peak / 1000);
}

/// The peak of the resident memory in kB.
fn peak_of(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}

fn size(path: &Path) -> u64 {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().map(|entry| size(&entry.unwrap().path())).sum();
    }
    fs::metadata(path).unwrap().len()
}

/// A Deployment; one in ten is denied.
fn deployment(index: usize) -> String {
    let probe = "startupProbe: {httpGet: {path: /ready, port: 8081}, periodSeconds: 1, failureThreshold: 60}";
    let probe = if index.is_multiple_of(10) { "stdin: false" } else { probe };
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-{index}
  namespace: team-{}
  labels:
    app.kubernetes.io/name: shop-{index}
    app.kubernetes.io/managed-by: Helm
spec:
  replicas: 3
  selector:
    matchLabels: {{app: shop-{index}}}
  template:
    metadata:
      labels: {{app: shop-{index}}}
    spec:
      initContainers:
        - name: proxy
          image: registry.example.com/team/proxy:1.2.{index}
          restartPolicy: Always
          ports:
            - containerPort: 8081
          {probe}
      containers:
        - name: shop
          image: registry.example.com/team/shop:1.2.{index}
          env:
            - name: DB_HOST
              value: \"127.0.0.1\"
            - name: LOG_LEVEL
              value: info
            - name: GREETING
              value: \"hello, world; how are you today? all the best to you and yours\"
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
",
        index % 50
    )
}

/// Pods as `kubectl get pods -A -o json` prints them, of 15 kB each.
fn list(path: &Path) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let fields = (0..150).fold(String::new(), |mut fields, index| {
        writeln!(fields, "                        \"f:field-number-{index}\": {{}},").unwrap();
        fields
    });
    let env = (0..60).fold(String::new(), |mut env, index| {
        let text = "the value of a variable, as long as most of them are";
        write!(env, ",\n                        {{\"name\": \"VARIABLE_{index}\", \"value\": \"{text}\"}}")
            .unwrap();
        env
    });
    file.write_all(b"{\n    \"apiVersion\": \"v1\",\n    \"items\": [").unwrap();
    for index in 0..20_000 {
        let workload = index / 4;
        let sidecar = match workload % 20 {
            0 => {
                "\"image\": \"docker.io/istio/proxyv2:1.27.0\", \"args\": [\"proxy\", \"sidecar\"], \"name\": \"istio-proxy\""
            }
            1 => {
                "\"image\": \"registry.example.com/agent:1\", \"restartPolicy\": \"Always\", \"name\": \"agent\""
            }
            _ => "\"image\": \"registry.example.com/helper:1\", \"name\": \"helper\"",
        };
        let app =
            format!("{{\"name\": \"shop\", \"image\": \"shop:1\", \"env\": [{{\"name\": \"A\"}}{env}]}}");
        let containers = if workload % 20 == 1 {
            format!("\"initContainers\": [{{{sidecar}}}], \"containers\": [{app}]")
        } else {
            format!("\"containers\": [{app}, {{{sidecar}}}]")
        };
        write!(
            file,
            "{}
        {{
            \"apiVersion\": \"v1\",
            \"kind\": \"Pod\",
            \"metadata\": {{
                \"labels\": {{\"pod-template-hash\": \"5d4\"}},
                \"managedFields\": [
                    {{
                        \"manager\": \"kube-controller-manager\", \"fieldsV1\": {{
{fields}                        \"f:last\": {{}}
                        }}
                    }}
                ],
                \"name\": \"web-{workload}-5d4-{index}\",
                \"namespace\": \"team-{}\",
                \"ownerReferences\": [{{\"kind\": \"ReplicaSet\", \"name\": \"web-{workload}-5d4\", \"controller\": true}}]
            }},
            \"spec\": {{{containers}}},
            \"status\": {{\"phase\": \"Running\"}}
        }}",
            if index == 0 { "" } else { "," },
            workload % 50
        )
        .unwrap();
    }
    file.write_all(b"\n    ],\n    \"kind\": \"List\"\n}\n").unwrap();
    file.into_inner().unwrap();
}
