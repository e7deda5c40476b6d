//! The Kubewarden policy: a waPC guest around [`sidecar_startup`].
//!
//! It hands to the library what the host sends, and its answer back. Nothing here looks at a Pod. Nothing returns an error to
//! the host either: that would reach the user as an "internal server error", and with the payload in it.

mod cluster;
mod response;

use kubewarden_policy_sdk::wapc_guest::{CallResult, register_function};
use kubewarden_policy_sdk::{protocol_version_guest, settings::SettingsValidationResponse};
use serde_json::Value;
use sidecar_startup::Settings;
use sidecar_startup::model::field::FieldPath;

/// Registers the functions of the policy. The host calls it once after loading the module.
#[allow(unsafe_code, reason = "the host finds the function by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    response::write(sidecar_startup::validate_in(&cluster::HostCluster, text(payload)))
}

fn validate_settings(payload: &[u8]) -> CallResult {
    let response = match serde_json::from_str::<Value>(text(payload)).as_ref().map(Settings::from_value) {
        Ok(Ok(settings)) => SettingsValidationResponse { valid: true, message: settings.warning() },
        Ok(Err(error)) => invalid(error.below(&FieldPath::from(["settings"])).to_string()),
        Err(_) => invalid("settings: Invalid value: not JSON".to_owned()),
    };
    Ok(serde_json::to_vec(&response)?)
}

fn invalid(message: String) -> SettingsValidationResponse {
    SettingsValidationResponse { valid: false, message: Some(message) }
}

/// What is not UTF-8 is not JSON either, and is answered as such.
fn text(payload: &[u8]) -> &str {
    std::str::from_utf8(payload).unwrap_or_default()
}
