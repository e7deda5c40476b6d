//! The nodes on which a Pod may run, by its `nodeName`, `nodeSelector`, node affinity and tolerations.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::cluster::Taint;
use crate::model::object::Spec;
use crate::model::view::{Text, items, view};

view! {
    /// The `affinity` of a Pod.
    Affinity {
        "nodeAffinity" node_affinity: NodeAffinity<'a>,
    }
}

view! {
    /// The nodes on which a Pod may be scheduled.
    NodeAffinity {
        "requiredDuringSchedulingIgnoredDuringExecution" required: Option<NodeSelector<'a>>,
    }
}

view! {
    /// A node must match at least one term.
    NodeSelector {
        "nodeSelectorTerms" terms: Vec<NodeSelectorTerm<'a>>,
    }
}

view! {
    /// A node must meet all requirements.
    NodeSelectorTerm {
        "matchExpressions" match_expressions: Vec<NodeRequirement<'a>>,
        /// Requirements on the name of the node.
        "matchFields" match_fields: Vec<NodeRequirement<'a>>,
    }
}

view! {
    /// A requirement on a label or field of a node.
    NodeRequirement {
        "key" key: Text<'a>,
        "operator" operator: Text<'a>,
        "values" values: Vec<Text<'a>>,
    }
}

impl Spec<'_> {
    /// Whether `nodeName`, `nodeSelector` and the required node affinity allow the Pod on a node with this name and these labels
    /// (`staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go`).
    #[must_use]
    pub fn may_land_on(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        if !self.node_name.is_empty() {
            return *self.node_name == *name;
        }
        let affinity: Option<Affinity<'_>> = self.affinity.read();
        let required = affinity.and_then(|affinity| affinity.node_affinity.required);
        self.node_selector.iter().all(|(key, value)| labels.get(key).is_some_and(|label| *label == value))
            && required.is_none_or(|required| required.terms.iter().any(|term| term.fits(name, labels)))
    }

    /// Whether the Pod tolerates a taint (`staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go`). A toleration with an
    /// unknown operator is assumed to match the value.
    #[must_use]
    pub fn tolerates(&self, taint: &Taint) -> bool {
        items(&self.tolerations.value()).any(|toleration| {
            let text = |field: &str| toleration.get(field).and_then(Value::as_str).unwrap_or_default();
            let is_any_key = text("key").is_empty() && text("operator") == "Exists";
            let fits_value = !matches!(text("operator"), "" | "Equal") || text("value") == taint.value;
            (text("effect").is_empty() || text("effect") == taint.effect)
                && (is_any_key || text("key") == taint.key)
                && fits_value
        })
    }

    /// Whether requiring this node label would conflict with the `nodeSelector` or a term of the required node affinity.
    #[must_use]
    pub fn conflicts_with_node_label(&self, key: &str, value: &str) -> bool {
        if self.node_selector.get(key).is_some_and(|other| other != value) {
            return true;
        }
        let excludes = |requirement: &NodeRequirement<'_>| {
            let is_listed = requirement.values.iter().any(|listed| **listed == *value);
            *requirement.key == *key
                && match &*requirement.operator {
                    "In" => !is_listed,
                    "NotIn" => is_listed,
                    "Exists" => false,
                    _ => true,
                }
        };
        self.required_terms().iter().any(|term| term.match_expressions.iter().any(excludes))
    }

    /// Whether the Pod is restricted to nodes with this label, by its `nodeSelector` or by every term of its required node affinity.
    #[must_use]
    pub fn requires_node_label(&self, key: &str, value: &str) -> bool {
        if self.node_selector.get(key) == Some(value) {
            return true;
        }
        let asks = |requirement: &NodeRequirement<'_>| {
            *requirement.key == *key
                && *requirement.operator == *"In"
                && !requirement.values.is_empty()
                && requirement.values.iter().all(|listed| **listed == *value)
        };
        self.every_term_asks(asks)
    }

    /// Whether the Pod is restricted to nodes with Windows, in the same ways. The kubelet sets both labels, and Linux is all there is besides
    /// (`pkg/kubelet/kubelet_node_status.go`).
    #[must_use]
    pub(super) fn requires_windows_node(&self) -> bool {
        const LABELS: [&str; 2] = ["kubernetes.io/os", "beta.kubernetes.io/os"];
        let lists = |requirement: &NodeRequirement<'_>, os: &str| {
            requirement.values.iter().any(|listed| **listed == *os)
        };
        let asks = |requirement: &NodeRequirement<'_>| {
            let excludes_linux = match &*requirement.operator {
                "In" => lists(requirement, "windows") && !lists(requirement, "linux"),
                "NotIn" => lists(requirement, "linux"),
                _ => false,
            };
            excludes_linux && LABELS.contains(&&*requirement.key)
        };
        LABELS.iter().any(|label| self.node_selector.get(label) == Some("windows"))
            || self.every_term_asks(asks)
    }

    /// Whether each term of the required node affinity has a requirement like this.
    fn every_term_asks(&self, asks: impl Fn(&NodeRequirement<'_>) -> bool) -> bool {
        let terms = self.required_terms();
        !terms.is_empty() && terms.iter().all(|term| term.match_expressions.iter().any(&asks))
    }

    /// The terms of the required node affinity; none if there is none.
    fn required_terms(&self) -> Vec<NodeSelectorTerm<'_>> {
        let affinity: Option<Affinity<'_>> = self.affinity.read();
        affinity.and_then(|affinity| affinity.node_affinity.required).unwrap_or_default().terms
    }
}

impl NodeSelectorTerm<'_> {
    /// Whether a node meets all requirements. An empty term matches no node.
    fn fits(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        let fields =
            self.match_fields.iter().map(|field| (field, (*field.key == *"metadata.name").then_some(name)));
        let expressions = self.match_expressions.iter();
        let expressions = expressions.map(|asked| (asked, labels.get(&*asked.key).map(String::as_str)));
        let mut all = fields.chain(expressions).peekable();
        all.peek().is_some() && all.all(|(asked, value)| asked.fits(value))
    }
}

impl NodeRequirement<'_> {
    /// Whether a label with this value, or without one, meets the requirement.
    fn fits(&self, value: Option<&str>) -> bool {
        let is_listed = |value: &str| self.values.iter().any(|listed| **listed == *value);
        let number = |text: &str| text.parse::<i64>().ok();
        let asked = self.values.first().and_then(|value| number(value));
        let compared = value.and_then(number).zip(asked);
        match &*self.operator {
            "In" => value.is_some_and(is_listed),
            "NotIn" => !value.is_some_and(is_listed),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            "Gt" => compared.is_some_and(|(value, asked)| asked < value),
            "Lt" => compared.is_some_and(|(value, asked)| value < asked),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn affinity(terms: &[Value]) -> Value {
        let terms: Vec<_> = terms.iter().map(|asked| json!({"matchExpressions": asked})).collect();
        let required = json!({"nodeSelectorTerms": terms});
        json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}})
    }

    #[test]
    fn labels_are_required_or_excluded() {
        let asked = |key: &str, operator: &str, values: &[&str]| json!([{"key": key, "operator": operator, "values": values}]);
        for (spec, requires, conflicts) in [
            (json!({}), false, false),
            (json!({"nodeSelector": {"native": "true"}}), true, false),
            (json!({"nodeSelector": {"native": "false"}}), false, true),
            (json!({"nodeSelector": {"zone": "true"}}), false, false),
            (affinity(&[]), false, false),
            (affinity(&[asked("native", "In", &["true"])]), true, false),
            (affinity(&[asked("native", "In", &["true", "false"])]), false, false),
            (affinity(&[asked("native", "In", &["false"])]), false, true),
            (affinity(&[asked("native", "In", &[])]), false, true),
            (affinity(&[asked("native", "NotIn", &["true"])]), false, true),
            (affinity(&[asked("native", "NotIn", &["false"])]), false, false),
            (affinity(&[asked("native", "Exists", &[])]), false, false),
            (affinity(&[asked("native", "DoesNotExist", &[])]), false, true),
            (affinity(&[asked("zone", "In", &["true"])]), false, false),
            (affinity(&[asked("zone", "NotIn", &["true"])]), false, false),
            // Each term is enough for a node.
            (affinity(&[asked("native", "In", &["true"]), asked("zone", "In", &["a"])]), false, false),
        ] {
            let text = spec.to_string();
            let read: Spec<'_> = serde_json::from_str(&text).unwrap();
            assert_eq!(read.requires_node_label("native", "true"), requires, "{text}");
            assert_eq!(read.conflicts_with_node_label("native", "true"), conflicts, "{text}");
        }
    }
}
