//! The rule ids, and the default action of each rule.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::action::Action;

/// Defines [`RuleId`]: one line per rule, in the order in which rules report on the same field.
macro_rules! rule_ids {
    ($($variant:ident = $name:literal, $default:ident;)*) => {
        /// The id of a rule. Settings, messages and documentation use its kebab-case name, which states the fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
        pub enum RuleId {
            $(
                #[doc = concat!("`", $name, "`")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl RuleId {
            /// All ids, in the order in which their rules report on the same field.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The kebab-case name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The action on a violation unless the settings override it.
            #[must_use]
            pub const fn default_action(self) -> Action {
                match self {
                    $(Self::$variant => Action::$default,)*
                }
            }
        }
    };
}

rule_ids! {
    ClassicSidecar = "classic-sidecar", Deny;
    SidecarWithoutStartupProbe = "sidecar-without-startup-probe", Deny;
    AppNotHeld = "app-not-held", Deny;
    SidecarBlocksInit = "sidecar-blocks-init", Deny;
    NeverCompletingJob = "never-completing-job", Deny;
    StartupGateNeverOpens = "startup-gate-never-opens", Deny;
    StartupGateProvesNothing = "startup-gate-proves-nothing", Warn;
    SidecarAfterDependent = "sidecar-after-dependent", Deny;
    MissingSidecar = "missing-sidecar", Deny;
    MissingWaitFor = "missing-wait-for", Deny;
    SidecarOnUnsupportedNode = "sidecar-on-unsupported-node", Deny;
    UnheldMeshInjection = "unheld-mesh-injection", Deny;
    AppContainerRestartPolicy = "app-container-restart-policy", Warn;
    SlowStartupGate = "slow-startup-gate", Warn;
    SidecarStopsBeforeApp = "sidecar-stops-before-app", Warn;
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
