//! A case: what is asked, and what is to come out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value, json};

use crate::cluster::RecordedCluster;

/// The files that a folder may hold.
const FILES: [&str; 6] =
    ["object.yaml", "settings.yaml", "request.yaml", "nodes.yaml", EXPECTED, EXPECTED_OBJECT];

/// What the user sees, and with it what must not be lost from the message, and what the command proposes.
pub(crate) const EXPECTED: &str = "expected.yaml";

/// The object as repaired, in full; only where it is.
pub(crate) const EXPECTED_OBJECT: &str = "expected-object.yaml";

/// One folder of cases.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its path below the folder of all cases.
    pub name: String,
    /// Where it lies.
    pub(crate) folder: PathBuf,
    /// What is judged.
    pub object: Value,
    /// The settings of the policy.
    pub settings: Value,
    /// What the request has beside the object.
    request: Map<String, Value>,
    /// The cluster that it is judged in, where there is one.
    pub cluster: Option<RecordedCluster>,
}

/// All cases below a folder, by name.
///
/// # Errors
/// A folder holds what no case may hold.
pub fn discover(root: &Path) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned());
            }
        }
        if files.is_empty() {
            continue;
        }
        if let Some(stray) = files.iter().find(|file| !FILES.contains(&file.as_str())) {
            bail!("{}: {stray} is no file of a case", folder.display());
        }
        cases.push(Case::load(root, &folder).with_context(|| format!("{}", folder.display()))?);
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

impl Case {
    fn load(root: &Path, folder: &Path) -> anyhow::Result<Self> {
        let yaml = |file: &str| read(&folder.join(file));
        let Value::Object(request) = yaml("request.yaml")? else { bail!("request.yaml: expected an object") };
        ensure!(folder.join("object.yaml").exists(), "there is no object.yaml");
        Ok(Self {
            name: folder.strip_prefix(root)?.to_string_lossy().into_owned(),
            folder: folder.to_owned(),
            object: yaml("object.yaml")?,
            settings: yaml("settings.yaml")?,
            request,
            cluster: RecordedCluster::read(&yaml("nodes.yaml")?),
        })
    }

    /// A case that asks to create an object.
    #[must_use]
    pub fn with_settings(object: Value, settings: Value) -> Self {
        Self {
            name: String::new(),
            folder: PathBuf::new(),
            object,
            settings,
            request: Map::new(),
            cluster: None,
        }
    }

    /// The same case with another object.
    #[must_use]
    pub fn with_object(&self, object: Value) -> Self {
        Self { object, ..self.clone() }
    }

    /// The same case under other settings.
    #[must_use]
    pub fn under(&self, settings: Value) -> Self {
        Self { settings, ..self.clone() }
    }

    /// The same case with its object, its settings and its request made anew.
    #[must_use]
    pub fn with_all(&self, make: &dyn Fn(&Value) -> Value) -> Self {
        let request = make(&self.request.clone().into());
        Self {
            object: make(&self.object),
            settings: make(&self.settings),
            request: request.as_object().cloned().unwrap_or_default(),
            ..self.clone()
        }
    }

    /// The same case, with another value of the setting `fix`.
    #[must_use]
    pub fn with_fix(&self, fix: &str) -> Self {
        self.with_setting("fix", fix.into())
    }

    /// The same case, with another value of a setting.
    #[must_use]
    pub fn with_setting(&self, key: &str, value: Value) -> Self {
        let mut settings = self.settings.clone();
        if let Some(fields) = settings.as_object_mut() {
            fields.insert(key.to_owned(), value);
        }
        self.under(settings)
    }

    /// The same case, where `old` is being changed to `new`.
    #[must_use]
    pub fn updating(&self, old: &Value, new: Value) -> Self {
        let request = json!({"operation": "UPDATE", "oldObject": old});
        let request = request.as_object().cloned().unwrap_or_default();
        Self { object: new, request, ..self.clone() }
    }

    /// The same case, whose request has these fields beside the object.
    #[must_use]
    pub fn with_request(self, request: Map<String, Value>) -> Self {
        Self { request, ..self }
    }

    /// Whether it asks anything but to create the object.
    #[must_use]
    pub fn has_request(&self) -> bool {
        !self.request.is_empty()
    }

    /// The admission request.
    #[must_use]
    pub fn request(&self) -> Value {
        let text = |key: &str| self.object.get(key).and_then(Value::as_str).unwrap_or_default();
        let (group, version) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
        let mut request = json!({
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": group, "version": version, "kind": text("kind")},
            "resource": {"group": group, "version": version, "resource": format!("{}s", text("kind").to_lowercase())},
            "namespace": "default",
            "operation": "CREATE",
            "userInfo": {"username": "alice", "groups": ["system:authenticated"]},
            "object": self.object,
        });
        if let Some(fields) = request.as_object_mut() {
            fields.extend(self.request.clone());
        }
        request
    }
}

/// Reads a file in YAML; what is not there is empty.
pub(crate) fn read(path: &Path) -> anyhow::Result<Value> {
    if !path.exists() {
        return Ok(json!({}));
    }
    manifest::parse_one(&fs::read_to_string(path)?).with_context(|| path.display().to_string())
}
