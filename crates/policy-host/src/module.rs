//! A compiled policy and calls to its functions.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use serde_json::{Value, json};
use wapc::{WapcHost, WebAssemblyEngineProvider};
#[cfg(feature = "compiler")]
use wasmtime_provider::{WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

use crate::admission::{AdmissionRequest, AdmissionResponse, Verdict};
use crate::host_calls::{self, HostCalls};
use crate::interpreter::{Interpreter, Linked};

/// A policy, ready to be instantiated.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "the module has no useful debug output")]
pub struct PolicyModule {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    #[cfg(feature = "compiler")]
    Compiler(Box<WasmtimeEngineProviderPre>),
    Interpreter(Arc<Linked>),
}

/// One instance of a policy.
#[expect(missing_debug_implementations, reason = "the instance has no useful debug output")]
pub struct Instance {
    host: WapcHost,
}

/// A policy's answer to `validate_settings`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SettingsVerdict {
    /// Whether the settings are valid.
    pub valid: bool,
    /// Why they are not.
    pub message: Option<String>,
}

impl PolicyModule {
    /// Reads a WebAssembly module for an interpreter.
    ///
    /// # Errors
    /// It is not a valid module.
    pub fn interpret(module: &[u8]) -> anyhow::Result<Self> {
        let linked = Linked::new(module).context("cannot load the module")?;
        Ok(Self { engine: Engine::Interpreter(Arc::new(linked)) })
    }

    /// Compiles a WebAssembly module.
    ///
    /// # Errors
    /// The module is not a waPC guest.
    #[cfg(feature = "compiler")]
    pub fn compile(module: &[u8]) -> anyhow::Result<Self> {
        Self::build(&WasmtimeEngineProviderBuilder::new().module_bytes(module))
    }

    /// Compiles a WebAssembly module, or takes it from the machine's cache.
    ///
    /// # Errors
    /// Those of [`PolicyModule::compile`].
    #[cfg(feature = "compiler")]
    pub fn compile_cached(module: &[u8]) -> anyhow::Result<Self> {
        Self::build(&WasmtimeEngineProviderBuilder::new().module_bytes(module).enable_cache(None))
    }

    #[cfg(feature = "compiler")]
    fn build(builder: &WasmtimeEngineProviderBuilder<'_>) -> anyhow::Result<Self> {
        let compiled = builder.build_pre().context("cannot load the module")?;
        Ok(Self { engine: Engine::Compiler(Box::new(compiled)) })
    }

    /// Creates a fresh instance without host capabilities.
    ///
    /// # Errors
    /// A start function of the module failed.
    pub fn instantiate(&self) -> anyhow::Result<Instance> {
        self.instantiate_with(host_calls::none())
    }

    /// Creates a fresh instance whose host calls are answered by `calls`.
    ///
    /// # Errors
    /// A start function of the module failed.
    pub fn instantiate_with(&self, calls: HostCalls) -> anyhow::Result<Instance> {
        let provider: Box<dyn WebAssemblyEngineProvider> = match &self.engine {
            #[cfg(feature = "compiler")]
            Engine::Compiler(compiled) => Box::new(compiled.rehydrate(None)?),
            Engine::Interpreter(linked) => Box::new(Interpreter::new(Arc::clone(linked))),
        };
        let answer = move |_: u64, _: &str, namespace: &str, operation: &str, payload: &[u8]| {
            // Kubewarden never restricts logging.
            if (namespace, operation) == ("tracing", "log") {
                eprintln!("{}", String::from_utf8_lossy(payload));
                return Ok(Vec::new());
            }
            calls(namespace, operation, payload)
        };
        let host = WapcHost::new(provider, Some(Box::new(answer)))?;
        Ok(Instance { host })
    }

    /// Evaluates an admission request in a fresh instance and responds as Kubewarden does: a failing guest is a denial with code
    /// 500.
    ///
    /// # Errors
    /// The module cannot be instantiated.
    pub fn validate(&self, request: AdmissionRequest, settings: &Value) -> anyhow::Result<AdmissionResponse> {
        Ok(self.instantiate()?.validate(request, settings))
    }

    /// Validates settings in a fresh instance.
    ///
    /// # Errors
    /// The module cannot be instantiated, or its answer cannot be parsed.
    pub fn validate_settings(&self, settings: &Value) -> anyhow::Result<SettingsVerdict> {
        let answer = self.instantiate()?.call("validate_settings", &serde_json::to_vec(settings)?)?;
        serde_json::from_slice(&answer).context("validate_settings returned no valid answer")
    }
}

impl Instance {
    /// Calls a function of the policy.
    ///
    /// # Errors
    /// The guest returned an error or trapped.
    pub fn call(&self, function: &str, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.host.call(function, payload).map_err(|error| anyhow!("Guest call failure: {error}"))
    }

    /// Like [`PolicyModule::validate`], in this instance.
    #[must_use]
    pub fn validate(&self, request: AdmissionRequest, settings: &Value) -> AdmissionResponse {
        let payload = json!({"request": request, "settings": settings}).to_string();
        let verdict = self
            .call("validate", payload.as_bytes())
            .and_then(|answer| serde_json::from_slice::<Verdict>(&answer).context("invalid response"));
        AdmissionResponse::new(request, verdict)
    }
}
