//! The Kubewarden policy: a waPC guest around [`sidecar_startup`].
//!
//! It passes the host's payload to the library and the library's answer back; nothing here inspects a Pod. No function returns an
//! error to the host, because users would see it as an "internal server error" that contains the payload.

mod cluster;
mod response;

use response::{PROTOCOL, SettingsValidationResponse};
use serde_json::Value;
use sidecar_startup::Settings;
use sidecar_startup::model::field::FieldPath;
use wapc_guest::{CallResult, register_function};

/// Registers the policy's functions. The host calls it once after loading the module.
#[allow(unsafe_code, reason = "the host looks the function up by name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", |_| Ok(PROTOCOL.into()));
}

fn validate(payload: &[u8]) -> CallResult {
    response::write(&sidecar_startup::validate_in(&cluster::HostCluster, text(payload)))
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

/// Invalid UTF-8 becomes an empty text, which is answered as invalid JSON.
fn text(payload: &[u8]) -> &str {
    std::str::from_utf8(payload).unwrap_or_default()
}
