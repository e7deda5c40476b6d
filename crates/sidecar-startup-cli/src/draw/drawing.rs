//! The timelines of an object, with their headings.

use serde::Serialize;
use sidecar_startup::Timeline;

/// The timelines of an object.
#[derive(Serialize)]
pub(super) struct Drawing {
    /// The file; `-` for standard input.
    pub(super) file: String,
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// One for each Pod template.
    pub(super) timelines: Vec<Timeline>,
    /// The same after the repair; none where nothing is repaired.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) repaired: Vec<Timeline>,
}

impl Drawing {
    /// The timelines with their headings: what the object is, and its template if there are several.
    pub(super) fn titled(&self, has_fix: bool) -> Vec<(String, &Timeline)> {
        let names = format!("{} {}", self.kind, self.full_name());
        let has_several = 1 < self.timelines.len();
        let title = |timeline: &Timeline, state: &str| {
            let template = if has_several { format!(", {}", timeline.template) } else { String::new() };
            format!("{names}{template}{state}")
        };
        let is_repaired = !self.repaired.is_empty();
        let state = match (has_fix, is_repaired) {
            (false, _) => "",
            (true, true) => ", before",
            (true, false) => ", which fix does not change",
        };
        let mut titled = Vec::new();
        for (index, timeline) in self.timelines.iter().enumerate() {
            titled.push((title(timeline, state), timeline));
            titled.extend(self.repaired.get(index).map(|after| (title(after, ", after fix"), after)));
        }
        titled
    }

    fn full_name(&self) -> String {
        let namespace = self.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        format!("{namespace}{}", self.name)
    }
}
