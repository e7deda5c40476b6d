//! The arguments of `check`.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use crate::report::Form;

/// The arguments of `check`.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent options")]
pub(crate) struct Check {
    /// Manifests in YAML or JSON, and folders with such files; - or no path reads standard input.
    ///
    /// Folders are searched with all below them, except for what git ignores. Lists, files with many documents, and the output of
    /// Helm, kustomize and `kubectl get -o json` are read as well.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Checks what is in a cluster, which kubectl reads: in its current namespace, that of -n, or with -A in all of them.
    #[arg(long, conflicts_with = "paths")]
    pub(super) cluster: bool,
    /// With --cluster, checks all namespaces.
    #[arg(short = 'A', long, requires = "cluster", conflicts_with_all = ["namespace", "paths"])]
    pub(super) all_namespaces: bool,
    /// With --cluster, the context of the cluster, as kubectl knows it.
    #[arg(long, value_name = "NAME", requires = "cluster", conflicts_with = "paths")]
    pub(super) context: Option<String>,
    /// With --cluster, the label selector of the objects.
    #[arg(short = 'l', long, value_name = "SELECTOR", requires = "cluster", conflicts_with = "paths")]
    pub(super) selector: Option<String>,
    /// The settings, in YAML or JSON, or a policy with settings; without it, .sidecar-startup.yaml above the first path.
    ///
    /// Without a path, and with nothing piped in, only the settings are checked.
    #[arg(long, value_name = "FILE")]
    pub(super) settings: Option<PathBuf>,
    /// The form of the report.
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub(super) output: Form,
    /// Prints only what is denied or cannot be read.
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// The namespace for objects that do not set one.
    #[arg(short, long, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// Accepts the violations in this file; only new ones deny.
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Writes all violations to this file, for --baseline.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub(super) write_baseline: Option<PathBuf>,
    /// Prints what a policy with these settings would mean for a cluster, with Pods folded into their owners.
    #[arg(long, conflicts_with_all = ["baseline", "write_baseline"])]
    pub(super) summary: bool,
    /// Prints settings with which a policy admits everything, with a reason for each exemption.
    #[arg(long, conflicts_with_all = ["summary", "baseline", "write_baseline"])]
    pub(super) suggest_settings: bool,
    /// The cluster's nodes, as printed by `kubectl get nodes -o yaml`, for the setting nodes.sidecarSupport: Checked.
    #[arg(long, value_name = "FILE")]
    pub(super) nodes: Option<PathBuf>,
    /// When to use colours.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: Colour,
    /// Uses this compiled policy instead of the built-in rules.
    #[cfg(feature = "module")]
    #[arg(long, value_name = "FILE")]
    pub(super) module: Option<PathBuf>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Check {
    /// Whether the report has colours.
    pub(super) fn has_colours(&self) -> bool {
        self.color.is_on()
    }
}

impl Colour {
    /// Whether what goes to the standard output has colours.
    pub(crate) fn is_on(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb
            }
        }
    }
}
