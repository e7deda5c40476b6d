//! The library's verdict on an object.

use std::path::Path;

use anyhow::bail;
use serde_json::{Value, json};
use sidecar_startup::model::cluster::{Cluster, NoCluster};
use sidecar_startup::model::read::ReadError;
use sidecar_startup::model::request::{Request, of_creation, payload};
use sidecar_startup::settings::help::Help;
use sidecar_startup::settings::json::{lenient, with};
use sidecar_startup::settings::nodes::SidecarSupport;
use sidecar_startup::{Answer, RuleId, Settings, Timeline};

#[cfg(feature = "module")]
use crate::module::Module;
use crate::nodes::NodesFile;
use crate::object::Object;
pub(crate) use crate::verdict::{Remark, Verdict};

/// What objects are judged with.
pub(crate) struct Judge {
    settings: Value,
    settings_text: String,
    parsed: Settings,
    namespace: Option<String>,
    nodes: Option<NodesFile>,
    #[cfg(feature = "module")]
    module: Option<Module>,
}

impl Judge {
    /// Judges with these settings, which are valid.
    ///
    /// # Errors
    /// The nodes cannot be read, or nothing asks for them.
    pub(crate) fn new(
        settings: Value,
        namespace: Option<String>,
        nodes: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let parsed = Settings::from_value(&settings)?;
        match (parsed.nodes.sidecar_support, nodes) {
            (SidecarSupport::Checked, None) => {
                eprintln!(
                    "note: the settings have nodes.sidecarSupport: Checked; --nodes FILE gives the nodes, as `kubectl get nodes -o yaml` prints them"
                );
            }
            (SidecarSupport::Assumed | SidecarSupport::Labelled, Some(_)) => {
                bail!("--nodes has no effect without the setting nodes.sidecarSupport: Checked");
            }
            _ => {}
        }
        Ok(Self {
            settings_text: settings.to_string(),
            parsed,
            settings,
            namespace,
            nodes: nodes.map(NodesFile::read).transpose()?,
            #[cfg(feature = "module")]
            module: None,
        })
    }

    /// The settings.
    pub(crate) const fn settings(&self) -> &Value {
        &self.settings
    }

    /// Judges with a compiled policy from now on.
    ///
    /// # Errors
    /// It cannot be loaded.
    #[cfg(feature = "module")]
    pub(crate) fn load_module(&mut self, path: &Path) -> anyhow::Result<()> {
        self.module = Some(Module::load(path, &self.settings, self.nodes.as_ref())?);
        Ok(())
    }

    /// Where a denied user finds help.
    pub(crate) const fn help(&self) -> &Help {
        &self.parsed.help
    }

    /// The namespace of an object.
    pub(crate) fn namespace_of<'o>(&'o self, object: &'o Object<'_>) -> Option<&'o str> {
        object.head.namespace().or(self.namespace.as_deref())
    }

    /// Whether an object is of a kind that creates Pods, by itself or by the setting `podTemplates`.
    pub(crate) fn is_workload(&self, object: &Object<'_>) -> bool {
        self.parsed.judges(object.head.group(), object.head.kind())
    }

    /// Whether an object is left to others: it has a controller, has finished, or is being deleted. None of further kinds is.
    pub(crate) fn is_unjudged(&self, object: &Object<'_>, request: &str) -> bool {
        let (group, kind) = (object.head.group(), object.head.kind());
        let is_further = self.parsed.pod_templates.iter().any(|templates| templates.is_of(group, kind));
        // Most objects are judged; only these fields can keep the library from it, so it is not asked about the others.
        let fields = ["ownerReferences", "deletionTimestamp", "config.mirror", "phase"];
        !is_further
            && fields.iter().any(|field| request.contains(field))
            && serde_json::from_str::<Request<'_>>(request).is_ok_and(|mut request| {
                request.doubt_owners();
                request.subject().is_none()
            })
    }

    /// Judges a request.
    #[cfg_attr(not(feature = "module"), expect(clippy::unnecessary_wraps, reason = "a module can fail"))]
    pub(crate) fn check(&self, request: &str) -> anyhow::Result<Verdict> {
        let verdict = self.check_by(request, &self.settings_text);
        #[cfg(feature = "module")]
        if let Some(module) = &self.module {
            return module.judge(request, verdict);
        }
        Ok(verdict)
    }

    /// The timelines of the Pods that the object of a request creates.
    ///
    /// # Errors
    /// The object cannot be read.
    pub(crate) fn timelines(&self, request: &str) -> Result<Vec<Timeline>, ReadError> {
        sidecar_startup::timelines(&payload(request, &self.settings_text))
    }

    /// Judges a request by other settings, given as JSON.
    pub(crate) fn check_by(&self, request: &str, settings: &str) -> Verdict {
        Verdict::of(self.answer(request, settings))
    }

    /// Repairs the object of a request as far as possible, but for the violations in `except`. Returns it with what is left; no object if
    /// nothing can be repaired.
    pub(crate) fn repair(
        &self,
        request: &str,
        settings: &Value,
        except: &[(RuleId, Option<String>)],
    ) -> (Option<Value>, Vec<Remark>) {
        let settings = with(&without(settings, except), [("fix", "All".into())]);
        let mut answer = self.answer(request, &settings.to_string());
        // A single violation is not in the way of others.
        if answer.object().is_none() && !answer.is_allowed() && 1 < answer.violations().len() {
            let found = answer.violations().iter().map(|violation| violation.rule);
            answer = self.answer(request, &lenient(&settings, found).to_string());
        }
        let left = answer.violations().iter().map(Remark::of_violation).collect();
        (answer.repaired(), left)
    }

    fn answer(&self, request: &str, settings: &str) -> Answer {
        let cluster: &dyn Cluster = match &self.nodes {
            Some(nodes) => nodes,
            None => &NoCluster,
        };
        sidecar_startup::validate_in(cluster, &payload(request, settings))
    }

    /// The request that the API server would send when the object is created, as JSON.
    pub(crate) fn request(&self, object: &Object<'_>) -> String {
        self.request_for(object, &object.json)
    }

    /// The same for what becomes of the object, given as JSON.
    pub(crate) fn request_for(&self, object: &Object<'_>, json: &str) -> String {
        let namespace = self.namespace_of(object).unwrap_or_default();
        of_creation(object.head.group(), object.head.kind(), namespace, json)
    }
}

/// Settings by which some violations are none.
fn without(settings: &Value, except: &[(RuleId, Option<String>)]) -> Value {
    let mut rules = settings.get("rules").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut exempt = settings.get("exempt").and_then(Value::as_array).cloned().unwrap_or_default();
    for (rule, container) in except {
        let group: Vec<_> = group(*rule).iter().map(|rule| rule.name()).collect();
        let entry = container
            .as_ref()
            .map(|name| json!({"match": {"containerNames": [name]}, "rules": group, "reason": "excused"}));
        // A name that the API server would reject fits no glob.
        match entry.filter(|entry| Settings::from_value(&json!({"exempt": [entry]})).is_ok()) {
            Some(entry) => exempt.push(entry),
            None => rules.extend(group.into_iter().map(|rule| (rule.to_owned(), "Ignore".into()))),
        }
    }
    with(settings, [("rules", rules.into()), ("exempt", exempt.into())])
}

/// The rules of which one takes over when another one is silent about a container.
pub(crate) fn group(rule: RuleId) -> &'static [RuleId] {
    const MOVES: &[RuleId] = &[RuleId::ClassicSidecar, RuleId::AppNotHeld, RuleId::NeverCompletingJob];
    const GATES: &[RuleId] = &[RuleId::SidecarWithoutStartupProbe, RuleId::StartupGateNeverOpens];
    let known = RuleId::ALL.iter().position(|known| *known == rule);
    let alone = known.and_then(|position| RuleId::ALL.get(position..=position));
    [MOVES, GATES].into_iter().find(|group| group.contains(&rule)).or(alone).unwrap_or_default()
}
