//! The payload that Kubewarden hands to a policy, and the answer to it.
//!
//! A request is deserialized once, straight from its bytes, into views that borrow from them. Only two cases need a tree of
//! JSON values: kinds of the setting `podTemplates`, whose templates may be anywhere, and requests that cannot be read.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::decision::evaluate;
use crate::decision::verdict::Decision;
use crate::finding::Violation;
use crate::further_kinds;
use crate::model::cluster::{Cluster, KnownNodes, NoCluster};
use crate::model::explain::explain;
use crate::model::field::FieldPath;
use crate::model::owners::Sender;
use crate::model::read::{ReadError, ReadErrorKind, text};
use crate::model::request::{GroupKind, Request, changes_containers};
use crate::model::template::{Kind, PodTemplate};
use crate::pod::Pod;
use crate::repair::draft::ObjectText;
use crate::settings::Settings;
use crate::settings::help::Help;
use crate::settings::nodes::SidecarSupport;
use crate::settings::pod_templates::TemplatePath;
use crate::startup::context::{Context, Terms};
use crate::timeline::Timeline;

/// The answer to a payload.
#[derive(Debug)]
pub enum Answer {
    /// The object was judged, or is allowed without being judged.
    Decided(Decision),
    /// The payload cannot be read.
    Unreadable {
        /// Why. It names fields, but never repeats a value of the payload.
        error: ReadError,
        /// What the message ends with; empty if the settings cannot be read, either.
        help: Help,
    },
}

/// The payload of `validate`.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    request: Request<'a>,
    #[serde(default)]
    settings: Value,
}

#[inline(never)] // Large, and all callers but one are rare.
fn read(payload: &str) -> Result<Payload<'_>, serde_json::Error> {
    serde_json::from_str(payload)
}

/// Answers a payload without access to a cluster; see [`validate_in`].
#[must_use]
pub fn validate(payload: &str) -> Answer {
    validate_in(&NoCluster, payload)
}

/// Answers the payload of `validate`: a JSON object with the `request`, an `admission.k8s.io/v1` `AdmissionRequest`, and the
/// `settings`.
///
/// Any text gets an answer; one that cannot be read gets [`Answer::Unreadable`]. Nodes are listed only if the settings ask for
/// it and there is a sidecar to judge.
#[must_use]
pub fn validate_in(cluster: &dyn Cluster, payload: &str) -> Answer {
    let Ok(Payload { mut request, settings }) = read(payload) else {
        return validate_value(cluster, payload);
    };
    let settings = match Settings::from_value(&settings) {
        Ok(settings) => settings.within(&request.namespace),
        Err(error) => return Answer::unreadable(error.below(&["settings"].into())),
    };
    let GroupKind { group, kind, .. } = &request.kind;
    if template_paths(&settings, group, kind).next().is_some() {
        return validate_value(cluster, payload);
    }
    request.doubt_owners();
    let nodes = nodes_for(cluster, &settings, || has_sidecar(&request, &settings));
    let terms = Terms { settings: &settings, nodes: &nodes, sender: request.sender() };
    let decision = evaluate(terms, &request, object_in(payload));
    Answer::new(decision, settings.help)
}

/// The timelines of the Pods that the object of a payload creates, see [`validate_in`]: one for each Pod template, none for an object
/// that is not judged.
///
/// # Errors
/// The payload cannot be read.
pub fn timelines(payload: &str) -> Result<Vec<Timeline>, ReadError> {
    let unreadable = || match validate(payload) {
        Answer::Unreadable { error, .. } => error,
        Answer::Decided(_) => ReadError { path: FieldPath::root(), kind: ReadErrorKind::Missing },
    };
    let Payload { mut request, settings } = read(payload).map_err(|_| unreadable())?;
    request.doubt_owners();
    let settings = Settings::from_value(&settings).map_err(|error| error.below(&["settings"].into()))?;
    let settings = settings.within(&request.namespace);
    let terms = Terms { settings: &settings, nodes: &KnownNodes::NotAsked, sender: request.sender() };
    let GroupKind { group, kind, .. } = &request.kind;
    if template_paths(&settings, group, kind).next().is_some() {
        let payload: Value = serde_json::from_str(payload).map_err(|_| unreadable())?;
        let paths = template_paths(&settings, group, kind);
        return Ok(further_kinds::timelines(terms, payload.get("request").unwrap_or(&Value::Null), paths));
    }
    let Some((kind, object)) = request.subject() else { return Ok(Vec::new()) };
    let template = PodTemplate::of(kind, object)?;
    let pod = Pod::new(kind, object, &template, &settings);
    Ok(vec![Timeline::of(&Context::new(&pod, terms))])
}

/// The nodes of the cluster if the settings ask for them and there is a sidecar to judge.
fn nodes_for(cluster: &dyn Cluster, settings: &Settings, has_sidecar: impl FnOnce() -> bool) -> KnownNodes {
    if settings.nodes.sidecar_support == SidecarSupport::Checked && has_sidecar() {
        cluster.nodes(&settings.nodes.user).into()
    } else {
        KnownNodes::NotAsked
    }
}

/// Whether the request has a sidecar that a rule may report, or gets one that is missing.
fn has_sidecar(request: &Request<'_>, settings: &Settings) -> bool {
    let Some((kind, object)) = request.subject() else { return false };
    let Ok(template) = PodTemplate::of(kind, object) else { return false };
    let old = request.old_object.as_ref().and_then(|old| PodTemplate::of(kind, old).ok());
    let is_changed = old.is_none_or(|old| old.metadata != template.metadata || old.spec != template.spec);
    if !is_changed {
        return false;
    }
    let pod = Pod::new(kind, object, &template, settings);
    pod.has_sidecar()
        || settings.sidecars.iter().any(|sidecar| sidecar.inserted().is_some() && pod.lacks(sidecar))
}

/// The object in the text of a payload.
fn object_in(payload: &str) -> ObjectText<'_> {
    ObjectText { text: payload, keys: &["request", "object"] }
}

/// Answers a payload that has to be parsed into JSON values.
fn validate_value(cluster: &dyn Cluster, payload: &str) -> Answer {
    let payload = match serde_json::from_str::<Value>(payload) {
        Ok(payload) => payload,
        // serde_json's own error would quote the payload.
        Err(error) => {
            let detail = format!("not valid JSON at line {}, column {}", error.line(), error.column());
            return Answer::unreadable(ReadError {
                path: FieldPath::root(),
                kind: ReadErrorKind::Invalid(detail),
            });
        }
    };
    let settings = match Settings::from_value(payload.get("settings").unwrap_or(&Value::Null)) {
        Ok(settings) => settings,
        Err(error) => return Answer::unreadable(error.below(&["settings"].into())),
    };
    let Some(request) = payload.get("request") else {
        let error = ReadError { path: ["request"].into(), kind: ReadErrorKind::Missing };
        return Answer::new(Err(error), settings.help);
    };
    let settings = settings.within(text(request, "/namespace"));
    if let Some(error) = explain_request(request) {
        return Answer::new(Err(error), settings.help);
    }
    // With duplicate keys, the text cannot be read but the parsed value can.
    let readable = json!({"request": request}).to_string();
    if let Ok(Payload { request: mut typed, .. }) = read(&readable)
        && Kind::of(&typed.kind.group, &typed.kind.kind).is_some()
    {
        typed.doubt_owners();
        let nodes = nodes_for(cluster, &settings, || has_sidecar(&typed, &settings));
        let terms = Terms { settings: &settings, nodes: &nodes, sender: typed.sender() };
        return Answer::new(evaluate(terms, &typed, object_in(&readable)), settings.help);
    }
    let paths = || template_paths(&settings, text(request, "/kind/group"), text(request, "/kind/kind"));
    let nodes = nodes_for(cluster, &settings, || further_kinds::has_sidecar(&settings, request, paths()));
    let sender = Sender::of(text(request, "/userInfo/username"));
    let terms = Terms { settings: &settings, nodes: &nodes, sender };
    let decision = further_kinds::evaluate(terms, request, paths());
    Answer::new(Ok(decision), settings.help)
}

/// The paths under which `podTemplates` places a kind's Pod templates. Entries for built-in kinds are ignored: their paths are
/// known.
fn template_paths<'a>(
    settings: &'a Settings,
    group: &'a str,
    kind: &'a str,
) -> impl Iterator<Item = &'a TemplatePath> {
    let is_further = Kind::of(group, kind).is_none();
    let of_kind =
        settings.pod_templates.iter().filter(move |templates| is_further && templates.is_of(group, kind));
    of_kind.map(|templates| &templates.path)
}

/// Finds out why a request cannot be read. Returns `None` for requests that are not judged: their object may have any form.
fn explain_request(request: &Value) -> Option<ReadError> {
    let reading = |request: &Value| read(&json!({"request": request}).to_string()).map(drop);
    let mut header = request.clone();
    if let Some(fields) = header.as_object_mut() {
        fields.shift_remove("object");
        fields.shift_remove("oldObject");
    }
    if let Some(error) = explain(&header, &reading) {
        return Some(error.below(&["request"].into()));
    }
    let kind = Kind::of(text(&header, "/kind/group"), text(&header, "/kind/kind"))?;
    if !changes_containers(kind, text(&header, "/operation"), text(&header, "/subResource")) {
        return None;
    }
    let error = explain(request, &reading)?;
    // Users see their object, not the request around it, so drop the leading `object`.
    let path = error.path.segments().iter().skip(1).cloned().collect();
    Some(ReadError { path, kind: error.kind })
}

impl Answer {
    fn new(decision: Result<Decision, ReadError>, help: Help) -> Self {
        match decision {
            Ok(decision) => Self::Decided(Decision { help, ..decision }),
            Err(error) => Self::Unreadable { error, help },
        }
    }

    fn unreadable(error: ReadError) -> Self {
        Self::new(Err(error), Help::default())
    }

    /// Whether the object is admitted.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Decided(decision) if decision.is_allowed())
    }

    /// The message for the user if the object is not admitted.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Decided(decision) => decision.message(),
            Self::Unreadable { error, help } => format!("{error}{help}"),
        }
    }

    /// All violations; empty for an unreadable payload.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Decided(decision) => &decision.violations,
            Self::Unreadable { .. } => &[],
        }
    }

    /// The warnings, see [`Decision::warnings`]; empty for an unreadable payload.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        match self {
            Self::Decided(decision) => decision.warnings(),
            Self::Unreadable { .. } => Vec::new(),
        }
    }

    /// The repaired object, if anything was repaired. What was not repaired is written as it was sent.
    #[must_use]
    pub fn object(&self) -> Option<&RawValue> {
        match self {
            Self::Decided(decision) => decision.object.as_deref(),
            Self::Unreadable { .. } => None,
        }
    }

    /// The repaired object, if anything was repaired, parsed.
    #[must_use]
    pub fn repaired(&self) -> Option<Value> {
        match self {
            Self::Decided(decision) => decision.repaired(),
            Self::Unreadable { .. } => None,
        }
    }

    /// The audit annotations, see [`Decision::audit_annotations`]; empty for an unreadable payload.
    #[must_use]
    pub fn audit_annotations(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Decided(decision) => decision.audit_annotations(),
            Self::Unreadable { .. } => Vec::new(),
        }
    }
}
