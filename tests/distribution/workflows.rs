//! The workflows of CI and of a release, and the GitHub Action: what they use is pinned, and what they name exists.

use std::collections::BTreeSet;
use std::fs;

use regex::Regex;
use serde_json::{Value, json};

use super::files::{path, read, yaml};

/// The workflows with their file names.
fn workflows() -> Vec<(String, String)> {
    let folder = path(".github/workflows");
    let entries = fs::read_dir(&folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    let texts = names.into_iter().map(|name| {
        let text = fs::read_to_string(folder.join(&name)).unwrap();
        (name, text)
    });
    texts.collect()
}

/// An action's owner can move a tag but not a commit.
#[test]
fn the_actions_of_the_workflows_are_pinned() {
    for (name, text) in workflows().into_iter().chain([("action.yml".to_owned(), read("action.yml"))]) {
        let used = text.lines().filter_map(|line| line.split_once("uses: ").map(|(_, action)| action));
        let mut count = 0;
        for action in used {
            let pinned = action.split_once('@').and_then(|(_, version)| version.split_once(" # v"));
            let is_pinned = pinned.is_some_and(|(commit, _)| {
                commit.len() == 40 && commit.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            });
            assert!(is_pinned, "{name}: {action}: expected a commit, and its version as a comment");
            count += 1;
        }
        assert_eq!(count, text.matches("uses:").count(), "{name}");
    }
}

/// Each job declares the least permissions that it needs.
#[test]
fn each_job_declares_its_permissions() {
    for (name, text) in workflows() {
        let workflow = manifest::parse_one(&text).unwrap();
        assert_eq!(workflow["permissions"], json!({}), "{name}");
        for (id, job) in workflow["jobs"].as_object().unwrap() {
            assert!(job["permissions"].is_object() && job["timeout-minutes"].is_u64(), "{name}: {id}");
        }
    }
}

/// A fork has to change `metadata.yml` only.
#[test]
fn owner_and_registry_are_in_one_place() {
    let metadata = yaml("metadata.yml");
    let annotation =
        |name: &str| metadata["annotations"][format!("io.kubewarden.policy.{name}")].as_str().unwrap();
    let (url, oci_url) = (annotation("source").trim_start_matches("https://"), annotation("ociUrl"));
    let others = ["Makefile", "action.yml", "scripts/action"].map(|name| (name.to_owned(), read(name)));
    for (name, text) in workflows().into_iter().chain(others) {
        let owner = |url: &str| url.rsplit_once('/').unwrap().0.to_owned();
        for place in [owner(url), owner(oci_url)] {
            assert!(!text.contains(&place), "{name} names {place}: use scripts/metadata");
        }
    }
}

/// The shell commands of all steps of a workflow.
fn scripts(workflow: &Value) -> Vec<String> {
    let jobs = workflow["jobs"].as_object().unwrap().values();
    let steps = jobs.flat_map(|job| job["steps"].as_array().unwrap());
    steps.filter_map(|step| step["run"].as_str()).map(str::to_owned).collect()
}

/// All that a workflow runs of this repository is there.
#[test]
fn what_the_workflows_call_exists() {
    let call =
        Regex::new(r"(?m)(?:^|[ (])(?:(make) ([a-z][\w.-]*)|((?:scripts|\.ci)/[a-z-]+)(?: ([a-z]+))?)")
            .unwrap();
    let makefile = read("Makefile");
    let targets: BTreeSet<_> = makefile
        .lines()
        .filter(|line| !line.starts_with([' ', '\t', '#', '.']))
        .filter_map(|line| line.split_once(':'))
        .filter(|(_, rest)| !rest.starts_with('='))
        .flat_map(|(names, _)| names.split_whitespace())
        .collect();
    let steps_of_release = read("scripts/release");
    let mut called = BTreeSet::new();
    for (name, text) in workflows() {
        for script in scripts(&manifest::parse_one(&text).unwrap()) {
            for found in call.captures_iter(&script) {
                if let Some(target) = found.get(2) {
                    assert!(targets.contains(target.as_str()), "{name}: make {}", target.as_str());
                    called.insert(format!("make {}", target.as_str()));
                } else {
                    let program = found[3].to_owned();
                    assert!(path(&program).is_file(), "{name}: {program}");
                    let step = found.get(4).map(|step| step.as_str()).unwrap_or_default();
                    if program == "scripts/release" {
                        assert!(
                            steps_of_release.contains(&format!("\n{step}) "))
                                || steps_of_release.contains(&format!("\n{step})\n")),
                            "{name}: {program} {step}"
                        );
                    }
                    called.insert(program);
                }
            }
        }
    }
    let expected = ["make e2e-tests", "make explorer", ".ci/run", "scripts/metadata", "scripts/release"];
    assert!(expected.iter().all(|program| called.contains(*program)), "{called:?}");
}

/// Jobs wait for jobs that exist.
#[test]
fn what_jobs_need_exists() {
    for (name, text) in workflows() {
        let workflow = manifest::parse_one(&text).unwrap();
        let jobs = workflow["jobs"].as_object().unwrap();
        for (id, job) in jobs {
            let needs = match &job["needs"] {
                Value::String(one) => vec![one.clone()],
                needs => serde_json::from_value(needs.clone()).unwrap_or_default(),
            };
            assert!(needs.iter().all(|need| jobs.contains_key(need)), "{name}: {id} needs {needs:?}");
        }
    }
}

/// CI tries the oldest kwctl that the module's metadata allows and the one of the policy server under `deploy/`; a release uses that.
#[test]
fn kwctl_is_the_oldest_and_the_newest() {
    let server = yaml("deploy/policy-server/policy-server.yaml");
    let newest = server["spec"]["image"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
    let oldest = format!("v{}", yaml("metadata.yml")["minimumKubewardenVersion"].as_str().unwrap());
    let tried = yaml(".github/workflows/ci.yml")["jobs"]["kwctl"]["strategy"]["matrix"]["include"].clone();
    let tried: Vec<_> = tried.as_array().unwrap().iter().map(|entry| entry["kwctl"].clone()).collect();
    assert_eq!(tried, [json!(oldest), json!(newest)]);

    let installs =
        |step: &&Value| step["uses"].as_str().is_some_and(|uses| uses.contains("/kwctl-installer@"));
    for (name, text) in workflows() {
        let workflow = manifest::parse_one(&text).unwrap();
        let jobs = workflow["jobs"].as_object().unwrap().values();
        for step in jobs.flat_map(|job| job["steps"].as_array().unwrap()).filter(installs) {
            let version = &step["with"]["kwctl-version"];
            assert!([json!(newest), json!("${{ matrix.kwctl }}")].contains(version), "{name}: {version}");
        }
    }
}

/// What users of a release look for.
#[test]
fn a_release_has_all_its_files() {
    let workflow = yaml(".github/workflows/release.yml");
    let jobs = &workflow["jobs"];
    let targets = jobs["command"]["strategy"]["matrix"]["include"].as_array().unwrap();
    let targets: Vec<_> = targets.iter().filter_map(|entry| entry["target"].as_str()).collect();
    assert_eq!(
        targets,
        [
            "x86_64-unknown-linux-musl",
            "aarch64-unknown-linux-musl",
            "x86_64-apple-darwin",
            "aarch64-apple-darwin"
        ]
    );
    let all = scripts(&workflow).join("\n");
    for part in [
        "scripts/release command ",
        "scripts/release chart ",
        "scripts/release explorer ",
        "scripts/release sbom ",
        "scripts/release checksums ",
        "scripts/release verify ",
        // The name by which Kubewarden's tools and users find it.
        "--bundle policy-sbom.spdx.jsonl.bundle.sigstore policy-sbom.spdx.json",
        "kwctl push ",
        "helm push ",
    ] {
        assert!(all.contains(part), "no {part}");
    }
    let steps = jobs["publish"]["steps"].as_array().unwrap();
    let attested: Vec<_> = steps
        .iter()
        .filter(|step| {
            step["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/attest-build-provenance@"))
        })
        .map(|step| &step["with"])
        .collect();
    assert_eq!(attested.len(), 2, "{attested:?}");
    assert_eq!(attested[0]["subject-checksums"], "release/sha256sums.txt");
    assert_eq!(attested[1]["push-to-registry"], true);
    assert_eq!(jobs["publish"]["permissions"]["attestations"], "write");
    let uses = |job: &str, action: &str| {
        let steps = jobs[job]["steps"].as_array().unwrap();
        steps.iter().any(|step| step["uses"].as_str().is_some_and(|uses| uses.starts_with(action)))
    };
    assert!(uses("explorer", "actions/upload-pages-artifact@") && uses("pages", "actions/deploy-pages@"));
    // The link in the package that is pushed to Artifact Hub.
    let package = yaml("artifacthub-pkg.yml");
    let link = package["links"].as_array().unwrap().iter().find(|link| link["name"] == "policy").unwrap();
    assert!(link["url"].as_str().unwrap().ends_with("/policy.wasm"), "{link}");
}

/// The package on Artifact Hub is ours: kwctl's would say less about the installation.
#[test]
fn artifact_hub_gets_the_package_of_the_repository() {
    let text = read(".github/workflows/release.yml");
    assert!(!text.contains("push-artifacthub") && !text.contains("kwctl scaffold"));
    assert!(text.contains("cp artifacthub-pkg.yml artifacthub-repo.yml README.md "));
}
