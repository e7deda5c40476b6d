//! The package file for [Artifact Hub](https://artifacthub.io), generated from the metadata: the same fields in the same order as
//! `kwctl scaffold artifacthub` writes them. Two texts differ. The installation begins with the policy that denies nothing, and the
//! recommended chart is the one that replaced `kubewarden-controller` in Kubewarden 1.37.

use std::collections::BTreeMap;
use std::time::SystemTime;

use anyhow::{Context as _, ensure};
use semver::Version;
use serde::Serialize;

use crate::metadata::Metadata;

/// The comment at the top of the file.
const HEADER: &str = "\
# The package for Artifact Hub. Generated from metadata.yml and questions-ui.yml: edit those, then run
# `make artifacthub-pkg.yml`.
";

/// The Artifact Hub page of the chart that installs Kubewarden.
const CONTROLLER: &str = "https://artifacthub.io/packages/helm/kubewarden/admission-controller";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    version: Version,
    name: &'a str,
    display_name: &'a str,
    created_at: String,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
    #[serde(rename = "homeURL", skip_serializing_if = "Option::is_none")]
    home_url: Option<&'a str>,
    containers_images: [Image; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    keywords: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link>,
    install: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    maintainers: Option<Vec<Maintainer<'a>>>,
    provider: Provider,
    recommendations: [Recommendation; 1],
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Image {
    name: &'static str,
    image: String,
}

#[derive(Serialize)]
struct Link {
    name: &'static str,
    url: String,
}

#[derive(Serialize)]
struct Maintainer<'a> {
    name: &'a str,
    email: &'a str,
}

#[derive(Serialize)]
struct Provider {
    name: &'static str,
}

#[derive(Serialize)]
struct Recommendation {
    url: &'static str,
}

/// Returns the text of `artifacthub-pkg.yml`. Takes the metadata and the settings form, both as YAML; the form is copied verbatim.
///
/// # Errors
/// A required annotation is missing, or an annotation is malformed.
pub fn package(metadata: &str, questions: Option<&str>, created_at: SystemTime) -> anyhow::Result<String> {
    let metadata = Metadata::read(metadata)?;
    let get = |name: &str| metadata.annotations.get(name).map(String::as_str);
    let require = |name: &str| get(name).with_context(|| format!("the annotation {name} is missing"));
    let url = |name: &str| {
        let is_url = |url: &str| url.starts_with("https://") && !url.contains(char::is_whitespace);
        let url = get(name);
        ensure!(url.is_none_or(is_url), "{name}: expected an https:// URL");
        Ok(url.map(|url| url.trim_end_matches('/')))
    };

    let version = require("io.kubewarden.policy.version")?;
    let version = Version::parse(version)
        .with_context(|| format!("io.kubewarden.policy.version: {version} is not a semantic version"))?;
    let image = format!("{}:v{version}", require("io.kubewarden.policy.ociUrl")?);
    let source = url("io.kubewarden.policy.source")?;
    let github = source.filter(|source| source.starts_with("https://github.com/"));
    let links = source.map(|source| {
        // URLs of GitHub release assets are predictable; the release must attach the module.
        let policy = github.map(|source| Link {
            name: "policy",
            url: format!("{source}/releases/download/v{version}/policy.wasm"),
        });
        policy.into_iter().chain([Link { name: "source", url: source.to_owned() }]).collect()
    });

    let package = Package {
        name: require("io.kubewarden.policy.title")?,
        display_name: require("io.artifacthub.displayName")?,
        created_at: humantime::format_rfc3339_seconds(created_at).to_string(),
        description: require("io.kubewarden.policy.description")?,
        license: get("io.kubewarden.policy.license"),
        home_url: url("io.kubewarden.policy.url")?,
        keywords: get("io.artifacthub.keywords").map(keywords).transpose()?,
        links: links.unwrap_or_default(),
        install: install(&image, github, &version),
        maintainers: get("io.kubewarden.policy.author").map(maintainers).transpose()?,
        provider: Provider { name: "kubewarden" },
        recommendations: [Recommendation { url: CONTROLLER }],
        annotations: annotations(&metadata, questions)?,
        containers_images: [Image { name: "policy", image }],
        version,
    };
    Ok(format!("{HEADER}{}", manifest::to_yaml(&serde_json::to_value(package)?)))
}

/// The installation instructions, in Markdown. `kubectl` reads folders of a repository on GitHub.
fn install(image: &str, github: Option<&str>, version: &Version) -> String {
    let start = github.map(|source| {
        format!(
            "Start with a policy that denies nothing and warns whoever applies a manifest:\n\
             ```console\n\
             kubectl apply -k '{source}//deploy/report?ref=v{version}'\n\
             ```\n\
             [The roll-out]({source}/blob/v{version}/deploy/README.md) says what to prove before, and what comes next.\n\n"
        )
    });
    format!(
        "{}To look at the policy, pull it with [kwctl](https://docs.kubewarden.io/howtos/install-kwctl):\n\
         ```console\n\
         kwctl pull registry://{image}\n\
         kwctl inspect registry://{image}\n\
         ```\n",
        start.unwrap_or_default()
    )
}

fn keywords(text: &str) -> anyhow::Result<Vec<&str>> {
    let keywords: Vec<_> = text.split(',').map(str::trim).collect();
    ensure!(!keywords.contains(&""), "io.artifacthub.keywords: an item is empty");
    Ok(keywords)
}

/// Parses a comma-separated list of `Name <name@example.com>`.
fn maintainers(text: &str) -> anyhow::Result<Vec<Maintainer<'_>>> {
    let maintainer = |author| {
        maintainer(author).with_context(|| {
            format!("io.kubewarden.policy.author: expected Name <name@example.com>, but found {author:?}")
        })
    };
    text.split(',').map(maintainer).collect()
}

fn maintainer(author: &str) -> Option<Maintainer<'_>> {
    let (name, rest) = author.split_once('<')?;
    let (name, email) = (name.trim(), rest.trim_end().strip_suffix('>')?);
    let (user, host) = email.split_once('@')?;
    let is_plain = |text: &str| !text.is_empty() && !text.contains(['@', '<', '>', ' ']);
    (!name.is_empty() && is_plain(user) && is_plain(host)).then_some(Maintainer { name, email })
}

/// The annotations that Rancher reads: the settings form, the rules, and whether the policy mutates.
fn annotations(
    metadata: &Metadata,
    questions: Option<&str>,
) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let yaml = |value| manifest::to_yaml(&value);
    let mut annotations = BTreeMap::from([
        ("kubewarden/mutation", metadata.mutating.to_string()),
        ("kubewarden/rules", yaml(serde_json::to_value(&metadata.rules)?)),
    ]);
    if !metadata.context_aware_resources.is_empty() {
        let resources = serde_json::to_value(&metadata.context_aware_resources)?;
        annotations.insert("kubewarden/contextAwareResources", yaml(resources));
    }
    if let Some(questions) = questions {
        ensure!(!questions.trim().is_empty(), "the questions file is empty");
        annotations.insert("kubewarden/questions-ui", questions.to_owned());
    }
    if let Some(is_hidden) = metadata.annotations.get("io.kubewarden.hidden-ui") {
        is_hidden.parse::<bool>().context("io.kubewarden.hidden-ui: expected \"true\" or \"false\"")?;
        annotations.insert("kubewarden/hidden-ui", is_hidden.clone());
    }
    if let Some(resources) = metadata.annotations.get("io.artifacthub.resources") {
        annotations.insert("kubewarden/resources", resources.clone());
    }
    Ok(annotations)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const MINIMAL: &str = "
rules: [{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}]
mutating: false
annotations:
  io.kubewarden.policy.title: gate
  io.kubewarden.policy.version: 1.2.3
  io.kubewarden.policy.description: Holds what must wait
  io.kubewarden.policy.ociUrl: registry.example.com/policies/gate
  io.artifacthub.displayName: Gate
";

    fn package_of(metadata: &str, questions: Option<&str>) -> anyhow::Result<Value> {
        let text = package(metadata, questions, SystemTime::UNIX_EPOCH)?;
        Ok(manifest::parse_one(&text)?)
    }

    /// Fields and order are those of <https://github.com/kubewarden/kubewarden-controller>,
    /// `crates/policy-evaluator/src/policy_artifacthub.rs`.
    #[test]
    fn has_the_same_fields_as_kwctl() {
        let metadata = format!(
            "{MINIMAL}  io.kubewarden.policy.license: Apache-2.0
  io.kubewarden.policy.url: https://gate.example.com
  io.kubewarden.policy.source: https://github.com/gate/gate
  io.kubewarden.policy.author: Ann <ann@example.com>, Bo B. <bo@example.com>
  io.artifacthub.keywords: gate, start
  io.artifacthub.resources: Pod
  io.kubewarden.hidden-ui: 'true'
contextAwareResources: [{{apiVersion: v1, kind: Node}}]
"
        );
        let package = package_of(&metadata, Some("questions:\n- variable: a\n\n- variable: b\n")).unwrap();
        let fields: Vec<_> = package.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = "version name displayName createdAt description license homeURL containersImages keywords links install \
                        maintainers provider recommendations annotations";
        assert_eq!(fields.join(" "), expected);
        assert_eq!(
            package["containersImages"],
            json!([{"name": "policy", "image": "registry.example.com/policies/gate:v1.2.3"}])
        );
        assert_eq!(package["createdAt"], "1970-01-01T00:00:00Z");
        let install = package["install"].as_str().unwrap();
        let first = install.lines().find(|line| line.starts_with("kubectl "));
        assert_eq!(first, Some("kubectl apply -k 'https://github.com/gate/gate//deploy/report?ref=v1.2.3'"));
        assert!(
            install.contains("kwctl pull registry://registry.example.com/policies/gate:v1.2.3\n"),
            "{install}"
        );
        assert_eq!(package["keywords"], json!(["gate", "start"]));
        assert_eq!(
            package["links"],
            json!([
                {"name": "policy", "url": "https://github.com/gate/gate/releases/download/v1.2.3/policy.wasm"},
                {"name": "source", "url": "https://github.com/gate/gate"},
            ])
        );
        assert_eq!(
            package["maintainers"],
            json!([{"name": "Ann", "email": "ann@example.com"}, {"name": "Bo B.", "email": "bo@example.com"}])
        );
        let annotations = package["annotations"].as_object().unwrap();
        let names: Vec<_> = annotations.keys().map(String::as_str).collect();
        assert_eq!(
            names.join(" "),
            "kubewarden/contextAwareResources kubewarden/hidden-ui kubewarden/mutation kubewarden/questions-ui \
             kubewarden/resources kubewarden/rules"
        );
        assert_eq!(annotations["kubewarden/mutation"], "false");
        assert_eq!(annotations["kubewarden/questions-ui"], "questions:\n- variable: a\n\n- variable: b\n");
        let rules = manifest::parse_one(annotations["kubewarden/rules"].as_str().unwrap()).unwrap();
        assert_eq!(
            rules,
            json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}])
        );
    }

    #[test]
    fn omits_fields_without_metadata() {
        let package = package_of(MINIMAL, None).unwrap();
        let fields: Vec<_> = package.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = "version name displayName createdAt description containersImages install provider recommendations \
                        annotations";
        assert_eq!(fields.join(" "), expected);
        assert!(package["install"].as_str().unwrap().starts_with("To look at the policy"), "{package:#}");
    }

    #[test]
    fn rejects_invalid_annotations() {
        let refused = [
            (
                "io.kubewarden.policy.version: 1.2.3",
                "io.kubewarden.policy.version: '1.2'",
                "semantic version",
            ),
            (
                "io.artifacthub.displayName: Gate",
                "io.kubewarden.policy.license: MIT",
                "displayName is missing",
            ),
            (
                "io.artifacthub.displayName: Gate",
                "io.artifacthub.displayName: Gate\n  io.kubewarden.policy.url: gate",
                "https",
            ),
            (
                "io.artifacthub.displayName: Gate",
                "io.artifacthub.displayName: Gate\n  io.artifacthub.keywords: a,,b",
                "empty",
            ),
            (
                "io.artifacthub.displayName: Gate",
                "io.artifacthub.displayName: Gate\n  io.kubewarden.policy.author: Ann",
                "expected Name",
            ),
        ];
        for (from, to, reason) in refused {
            let error = package_of(&MINIMAL.replace(from, to), None).unwrap_err();
            assert!(format!("{error:#}").contains(reason), "{error:#}");
        }
        assert!(package_of(MINIMAL, Some("\n")).is_err());
    }
}
