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
    /// What cannot be read.
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
    /// Objects that have a controller, have finished or are being deleted.
    pub(crate) left_to_others: usize,
    /// Documents without apiVersion and kind, such as Helm values and lists of patches.
    pub(crate) fragments: usize,
    /// Files under the folder `templates` of a Helm chart.
    pub(crate) helm_templates: usize,
    /// Files that a kustomization names as patches.
    pub(crate) kustomize_patches: usize,
}

impl Skipped {
    const fn sum(&self) -> usize {
        self.other_kinds + self.left_to_others + self.fragments + self.helm_templates + self.kustomize_patches
    }
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
            write!(f, ", {} unreadable", self.errors)?;
        }
        if self.skipped.sum() != 0 {
            let Skipped { other_kinds, left_to_others, fragments, helm_templates, kustomize_patches } =
                self.skipped;
            let why = [
                (other_kinds, "of other kinds"),
                (left_to_others, "managed by another object, finished or being deleted"),
                (fragments, "without apiVersion and kind"),
                (helm_templates, "in the templates of Helm charts"),
                (kustomize_patches, "as patches of a kustomization"),
            ];
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
