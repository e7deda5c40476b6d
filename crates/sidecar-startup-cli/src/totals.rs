//! What was counted.

use std::fmt;

use serde::Serialize;

/// Objects, files and violations, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Totals {
    /// The objects that are allowed as they are, or once repaired.
    pub(crate) allowed: usize,
    /// Those of them that are allowed once repaired.
    pub(crate) repaired: usize,
    /// The objects that are denied.
    pub(crate) denied: usize,
    /// What cannot be read, and annotations of this command that have no effect.
    pub(crate) errors: usize,
    /// The violations that only warn.
    pub(crate) warnings: usize,
    /// The violations that an annotation silences.
    pub(crate) ignored: usize,
    /// The violations that are in the baseline.
    pub(crate) known: usize,
    /// What is not judged.
    pub(crate) skipped: Skipped,
}

/// What is not judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Skipped {
    /// Objects of kinds that create no Pods.
    pub(crate) other_kinds: usize,
    /// Objects of kinds that are not built in, and have a Pod template.
    pub(crate) other_templates: usize,
    /// Objects that have a controller, have finished or are being deleted.
    pub(crate) left_to_others: usize,
    /// Documents without apiVersion and kind, such as Helm values and lists of patches.
    pub(crate) fragments: usize,
    /// Files under the folder `templates` of a Helm chart.
    pub(crate) helm_templates: usize,
    /// Files that a kustomization names as patches.
    pub(crate) kustomize_patches: usize,
    /// Files that `exclude` in `.sidecar-startup.yaml` leaves out.
    pub(crate) excluded: usize,
}

impl Skipped {
    /// How many are skipped for each reason.
    const fn reasons(&self) -> [(usize, &'static str); 7] {
        [
            (self.other_kinds, "of other kinds"),
            (self.other_templates, "of kinds missing in the setting podTemplates"),
            (self.left_to_others, "managed by another object, finished or being deleted"),
            (self.fragments, "without apiVersion and kind"),
            (self.helm_templates, "in the templates of Helm charts; render them first"),
            (self.kustomize_patches, "as patches of a kustomization"),
            (self.excluded, "by exclude in .sidecar-startup.yaml"),
        ]
    }

    fn sum(&self) -> usize {
        self.reasons().iter().map(|(count, _)| count).sum()
    }
}

/// A number of things, of which this is one.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

impl fmt::Display for Totals {
    /// One line. What was not there is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} allowed", self.allowed)?;
        if self.repaired != 0 {
            write!(f, " ({} once repaired)", self.repaired)?;
        }
        write!(f, ", {} denied", self.denied)?;
        if self.errors != 0 {
            write!(f, ", {}", counted(self.errors, "error"))?;
        }
        if self.skipped.sum() != 0 {
            let why = self.skipped.reasons();
            let why = why.iter().filter(|(count, _)| *count != 0);
            let why: Vec<_> = why.map(|(count, what)| format!("{count} {what}")).collect();
            write!(f, ", {} skipped ({})", self.skipped.sum(), why.join(", "))?;
        }
        for (count, what) in [
            (self.warnings, "warnings"),
            (self.ignored, "ignored by annotations"),
            (self.known, "known from the baseline"),
        ] {
            let what = if count == 1 { what.trim_end_matches('s') } else { what };
            if count != 0 {
                write!(f, "; {count} {what}")?;
            }
        }
        Ok(())
    }
}
