//! The floor of the benchmark: a policy that answers without looking at the request. What it takes is the host's own work.

use kubewarden_policy_sdk::wapc_guest::{CallResult, register_function};
use kubewarden_policy_sdk::{accept_request, protocol_version_guest, settings::SettingsValidationResponse};

/// Registers the functions of the policy. The host calls it once after loading the module.
#[allow(unsafe_code, reason = "the host finds the function by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", |_| accept_request());
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

fn validate_settings(_: &[u8]) -> CallResult {
    Ok(serde_json::to_vec(&SettingsValidationResponse { valid: true, message: None })?)
}
