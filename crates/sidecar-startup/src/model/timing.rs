//! The timing of a probe.

use k8s_openapi::api::core::v1::Probe;

/// The timing of a probe, with the API's defaults for fields that are unset or zero
/// (`pkg/apis/core/v1/defaults.go`, `SetDefaults_Probe`). Times are in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// The minimum time from the start of the container to the first attempt.
    pub initial_delay: u64,
    /// The time from one attempt to the next.
    pub period: u64,
    /// The time after which an attempt fails.
    pub timeout: u64,
    /// The number of consecutive failures after which the container is killed.
    pub failure_threshold: u64,
}

impl Timing {
    /// The timing of `probe`. Negative values, which the API server refuses, count as unset.
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
