//! The benchmark's floor: a policy that accepts without reading the request. Its time is the host's own overhead.

use kubewarden_policy_sdk::{accept_request, protocol_version_guest, settings::SettingsValidationResponse};
use wapc_guest::{CallResult, register_function};

/// Registers the policy's functions. The host calls it once after loading the module.
#[allow(unsafe_code, reason = "the host looks the function up by name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", |_| accept_request());
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

fn validate_settings(_: &[u8]) -> CallResult {
    Ok(serde_json::to_vec(&SettingsValidationResponse { valid: true, message: None })?)
}
