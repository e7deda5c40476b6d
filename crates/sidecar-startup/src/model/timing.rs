//! The numbers of a probe.

use k8s_openapi::api::core::v1::Probe;

/// The numbers of a probe, with the API's defaults for what is unset or zero
/// (`pkg/apis/core/v1/defaults.go`, `SetDefaults_Probe`), in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long after the start of the container the first attempt may come.
    pub initial_delay: u64,
    /// How long from one attempt to the next.
    pub period: u64,
    /// How long one attempt may take.
    pub timeout: u64,
    /// How many failures in a row end the container.
    pub failure_threshold: u64,
}

impl Timing {
    /// The numbers of a probe. What is negative, which the API server refuses, counts as unset.
    #[must_use]
    pub fn of(probe: &Probe) -> Self {
        let or = |value: Option<i32>, default| {
            value.and_then(|v| u64::try_from(v).ok()).filter(|v| *v != 0).unwrap_or(default)
        };
        Self {
            initial_delay: or(probe.initial_delay_seconds, 0),
            period: or(probe.period_seconds, 10),
            timeout: or(probe.timeout_seconds, 1),
            failure_threshold: or(probe.failure_threshold, 3),
        }
    }

    /// The start-up budget, in seconds: `initialDelaySeconds + (failureThreshold - 1) x periodSeconds`. The container has at least
    /// this long to become ready before it is restarted.
    #[must_use]
    pub fn budget(self) -> u64 {
        let attempts = self.failure_threshold.saturating_sub(1);
        self.initial_delay.saturating_add(attempts.saturating_mul(self.period))
    }
}
