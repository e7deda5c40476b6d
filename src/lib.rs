//! The Kubewarden policy: a waPC guest around [`sidecar_startup`].
//!
//! It reads what the host sends, asks the library, and writes the answer. Nothing here looks at a Pod. Nothing returns an
//! error to the host either: that would reach the user as an "internal server error", and with the payload in it.

mod response;

use kubewarden_policy_sdk::wapc_guest::{CallResult, register_function};
use kubewarden_policy_sdk::{protocol_version_guest, settings::SettingsValidationResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use sidecar_startup::field::FieldPath;
use sidecar_startup::read::ReadError;
use sidecar_startup::{Request, Settings, evaluate};

/// Registers the functions of the policy. The host calls it once after loading the module.
#[allow(unsafe_code, reason = "the host finds the function by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

/// What the host sends to `validate`.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    request: Request<'a>,
    #[serde(default)]
    settings: Value,
}

#[inline(never)] // it is large, and a second copy would only serve error messages
fn read(payload: &str) -> Result<Payload<'_>, serde_json::Error> {
    serde_json::from_str(payload)
}

fn validate(payload: &[u8]) -> CallResult {
    // Read from a string: UTF-8 is then checked once for all, and not once for each string in it.
    let text = std::str::from_utf8(payload).unwrap_or_default();
    let Ok(Payload { request, settings }) = read(text) else {
        return validate_slowly(text);
    };
    match Settings::from_value(&settings) {
        Ok(settings) => match evaluate(&settings, &request) {
            Ok(decision) => response::decided(&decision),
            Err(error) => response::malformed(&error.to_string()),
        },
        Err(error) => response::malformed(&settings_error(error)),
    }
}

/// Answers a payload that cannot be read at once: the object may be of a kind that the policy has no say in, and then look
/// like anything.
fn validate_slowly(payload: &str) -> CallResult {
    match serde_json::from_str::<Value>(payload) {
        Ok(payload) => match payload.get("request") {
            Some(request) => match Request::explain(request, &|request| {
                read(&json!({"request": request}).to_string()).map(drop)
            }) {
                None => response::allowed(),
                Some(error) => response::malformed(&error.to_string()),
            },
            None => response::malformed("the payload has no request"),
        },
        // The error of serde_json would quote the payload.
        Err(error) => response::malformed(&format!(
            "the payload is not JSON from line {}, column {} on",
            error.line(),
            error.column()
        )),
    }
}

fn validate_settings(payload: &[u8]) -> CallResult {
    let text = std::str::from_utf8(payload).unwrap_or_default();
    let message = match serde_json::from_str::<Value>(text) {
        Ok(settings) => Settings::from_value(&settings).err().map(settings_error),
        Err(_) => Some("the settings are not JSON".to_owned()),
    };
    Ok(serde_json::to_vec(&SettingsValidationResponse { valid: message.is_none(), message })?)
}

/// Says that it is the settings that are wrong, and not the object.
fn settings_error(error: ReadError) -> String {
    error.below(&FieldPath::from(["settings"])).to_string()
}
