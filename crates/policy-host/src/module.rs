//! A compiled policy, and calls of its functions.

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use serde_json::{Value, json};
use wapc::WapcHost;
use wasmtime_provider::{WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

use crate::admission::{AdmissionRequest, AdmissionResponse, Verdict};
use crate::host_calls::{self, HostCalls};

/// A policy that is compiled and ready to be instantiated.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "the compiled module has no form to print")]
pub struct PolicyModule {
    compiled: WasmtimeEngineProviderPre,
}

/// One instance of a policy.
#[expect(missing_debug_implementations, reason = "the instance has no form to print")]
pub struct Instance {
    host: WapcHost,
}

/// What `validate_settings` answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SettingsVerdict {
    /// Whether the policy takes the settings.
    pub valid: bool,
    /// Why it does not.
    pub message: Option<String>,
}

impl PolicyModule {
    /// Compiles a WebAssembly module.
    ///
    /// # Errors
    /// It is no waPC guest.
    pub fn compile(module: &[u8]) -> anyhow::Result<Self> {
        Self::build(&WasmtimeEngineProviderBuilder::new().module_bytes(module))
    }

    /// Compiles a WebAssembly module, unless that has been done before on this machine.
    ///
    /// # Errors
    /// As [`PolicyModule::compile`].
    pub fn compile_cached(module: &[u8]) -> anyhow::Result<Self> {
        Self::build(&WasmtimeEngineProviderBuilder::new().module_bytes(module).enable_cache(None))
    }

    fn build(builder: &WasmtimeEngineProviderBuilder<'_>) -> anyhow::Result<Self> {
        Ok(Self { compiled: builder.build_pre().context("cannot load the module")? })
    }

    /// Makes a fresh instance.
    ///
    /// # Errors
    /// The start functions of the module failed.
    pub fn instantiate(&self) -> anyhow::Result<Instance> {
        self.instantiate_with(host_calls::none())
    }

    /// Makes a fresh instance whose calls to the host are answered by `calls`.
    ///
    /// # Errors
    /// The start functions of the module failed.
    pub fn instantiate_with(&self, calls: HostCalls) -> anyhow::Result<Instance> {
        let provider = self.compiled.rehydrate(None)?;
        let answer = move |_: u64, _: &str, namespace: &str, operation: &str, payload: &[u8]| {
            // What the policy logs is never kept from it.
            if (namespace, operation) == ("tracing", "log") {
                eprintln!("{}", String::from_utf8_lossy(payload));
                return Ok(Vec::new());
            }
            calls(namespace, operation, payload)
        };
        let host = WapcHost::new(Box::new(provider), Some(Box::new(answer)))?;
        Ok(Instance { host })
    }

    /// Asks a fresh instance for a verdict on an admission request, and answers as Kubewarden does. A guest that fails is
    /// a denial with code 500.
    ///
    /// # Errors
    /// There is no instance to be had.
    pub fn validate(&self, request: AdmissionRequest, settings: &Value) -> anyhow::Result<AdmissionResponse> {
        Ok(self.instantiate()?.validate(request, settings))
    }

    /// Asks a fresh instance whether it takes the settings.
    ///
    /// # Errors
    /// There is no instance to be had, or what it answers is no answer.
    pub fn validate_settings(&self, settings: &Value) -> anyhow::Result<SettingsVerdict> {
        let answer = self.instantiate()?.call("validate_settings", &serde_json::to_vec(settings)?)?;
        serde_json::from_slice(&answer).context("validate_settings gave no answer")
    }
}

impl Instance {
    /// Calls a function of the policy.
    ///
    /// # Errors
    /// The guest answered with an error, or trapped.
    pub fn call(&self, function: &str, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.host.call(function, payload).map_err(|error| anyhow!("Guest call failure: {error}"))
    }

    /// As [`PolicyModule::validate`], in this instance.
    #[must_use]
    pub fn validate(&self, request: AdmissionRequest, settings: &Value) -> AdmissionResponse {
        let payload = json!({"request": request, "settings": settings}).to_string();
        let verdict = self
            .call("validate", payload.as_bytes())
            .and_then(|answer| serde_json::from_slice::<Verdict>(&answer).context("invalid response"));
        AdmissionResponse::new(request, verdict)
    }
}
