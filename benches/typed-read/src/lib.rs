//! A conventional policy for the benchmark: the SDK's request type and a typed read of the containers.

use k8s_openapi::api::core::v1::PodSpec;
use kubewarden_policy_sdk::request::ValidationRequest;
use kubewarden_policy_sdk::{
    accept_request, protocol_version_guest, reject_request, settings::SettingsValidationResponse,
};
use serde::Deserialize as _;
use wapc_guest::{CallResult, register_function};

/// Registers the policy's functions. The host calls it once after loading the module.
#[allow(unsafe_code, reason = "the host looks the function up by name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let request: ValidationRequest<serde_json::Value> = ValidationRequest::new(payload)?;
    let pod = PodSpec::deserialize(request.request.object.get("spec").unwrap_or(&serde_json::Value::Null))?;
    if pod.containers.iter().any(|container| container.name.is_empty()) {
        return reject_request(Some("a container has no name".to_owned()), None, None, None);
    }
    accept_request()
}

fn validate_settings(_: &[u8]) -> CallResult {
    Ok(serde_json::to_vec(&SettingsValidationResponse { valid: true, message: None })?)
}
