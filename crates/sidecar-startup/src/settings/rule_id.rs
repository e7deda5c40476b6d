//! The ids of the rules, and what each does by default.

use std::fmt;

use serde::Deserialize;

use super::action::Action;

/// Defines [`RuleId`]: a line for each rule, in the order in which rules report the same field.
macro_rules! rule_ids {
    ($($variant:ident = $name:literal, $default:ident;)*) => {
        /// The id of a rule. Settings, messages and the documentation use its name, which says in kebab-case what is wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        pub enum RuleId {
            $(
                #[doc = concat!("`", $name, "`")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl RuleId {
            /// All ids, in the order in which their rules report the same field.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What is done about a violation of the rule unless the settings say otherwise.
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
    MissingWaitFor = "missing-wait-for", Deny;
    SidecarOnUnsupportedNode = "sidecar-on-unsupported-node", Deny;
    UnheldMeshInjection = "unheld-mesh-injection", Deny;
    AppContainerRestartPolicy = "app-container-restart-policy", Warn;
    SlowStartupGate = "slow-startup-gate", Warn;
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
