//! Runs a module in an interpreter, which builds in a tenth of the time of Kubewarden's compiler and takes no time to start.
//!
//! A module gets what waPC defines, and of WASI what a Rust program asks for when it panics. It cannot be loaded if it imports more.

use std::error::Error as StdError;
use std::io::{self, Write as _};
use std::sync::Arc;

use wapc::wapc_functions::{
    GUEST_CALL, GUEST_ERROR_FN, GUEST_REQUEST_FN, GUEST_RESPONSE_FN, HOST_CALL, HOST_CONSOLE_LOG,
    HOST_ERROR_FN, HOST_ERROR_LEN_FN, HOST_RESPONSE_FN, HOST_RESPONSE_LEN_FN, REQUIRED_STARTS,
};
use wapc::{HOST_NAMESPACE, ModuleState, WebAssemblyEngineProvider};
use wasmi::errors::LinkerError;
use wasmi::{Caller, Engine, Error, Extern, Linker, Memory, Module, Store, TypedFunc};

const WASI: &str = "wasi_snapshot_preview1";

/// WASI's errno for success.
const SUCCESS: i32 = 0;

type Host = Arc<ModuleState>;

/// A module with all that it may import.
pub(crate) struct Linked {
    module: Module,
    linker: Linker<Host>,
}

/// An instance of a module, once waPC has initialized it.
pub(crate) struct Interpreter {
    linked: Arc<Linked>,
    running: Option<Running>,
}

struct Running {
    store: Store<Host>,
    guest_call: TypedFunc<(i32, i32), i32>,
}

impl Linked {
    pub(crate) fn new(module: &[u8]) -> anyhow::Result<Self> {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        define_wapc(&mut linker)?;
        define_wasi(&mut linker)?;
        Ok(Self { module: Module::new(&engine, module)?, linker })
    }
}

impl Interpreter {
    pub(crate) fn new(linked: Arc<Linked>) -> Self {
        Self { linked, running: None }
    }
}

impl WebAssemblyEngineProvider for Interpreter {
    fn init(&mut self, host: Host) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let Linked { module, linker } = &*self.linked;
        let mut store = Store::new(linker.engine(), host);
        let instance = linker.instantiate_and_start(&mut store, module)?;
        for name in REQUIRED_STARTS {
            if let Ok(start) = instance.get_typed_func::<(), ()>(&store, name) {
                start.call(&mut store, ())?;
            }
        }
        let guest_call = instance.get_typed_func(&store, GUEST_CALL)?;
        self.running = Some(Running { store, guest_call });
        Ok(())
    }

    /// A trap is an error of the guest, as in Kubewarden.
    fn call(&mut self, operation: i32, message: i32) -> Result<i32, Box<dyn StdError + Send + Sync>> {
        let Running { store, guest_call } = self.running.as_mut().ok_or("the module is not initialized")?;
        Ok(guest_call.call(&mut *store, (operation, message)).unwrap_or_else(|trap| {
            store.data().set_guest_error(trap.to_string());
            0
        }))
    }

    fn replace(&mut self, _: &[u8]) -> Result<(), Box<dyn StdError + Send + Sync>> {
        Err("a module cannot be replaced".into())
    }
}

fn define_wapc(linker: &mut Linker<Host>) -> Result<(), LinkerError> {
    linker
        .func_wrap(
            HOST_NAMESPACE,
            GUEST_REQUEST_FN,
            |mut guest: Caller<'_, Host>, operation: u32, message: u32| {
                let Some(request) = guest.data().get_guest_request() else { return Ok(()) };
                write(&mut guest, operation, request.operation.as_bytes())?;
                write(&mut guest, message, &request.msg)
            },
        )?
        .func_wrap(HOST_NAMESPACE, GUEST_RESPONSE_FN, |guest: Caller<'_, Host>, start: u32, length: u32| {
            guest.data().set_guest_response(read(&guest, start, length)?.to_vec());
            Ok::<_, Error>(())
        })?
        .func_wrap(HOST_NAMESPACE, GUEST_ERROR_FN, |guest: Caller<'_, Host>, start: u32, length: u32| {
            guest.data().set_guest_error(text(&guest, start, length)?.to_owned());
            Ok::<_, Error>(())
        })?
        .func_wrap(HOST_NAMESPACE, HOST_CONSOLE_LOG, |guest: Caller<'_, Host>, start: u32, length: u32| {
            guest.data().do_console_log(text(&guest, start, length)?);
            Ok::<_, Error>(())
        })?
        .func_wrap(HOST_NAMESPACE, HOST_CALL, host_call)?
        .func_wrap(HOST_NAMESPACE, HOST_RESPONSE_LEN_FN, |guest: Caller<'_, Host>| {
            length(guest.data().host_response_len())
        })?
        .func_wrap(HOST_NAMESPACE, HOST_RESPONSE_FN, |mut guest: Caller<'_, Host>, start: u32| {
            let host = Arc::clone(guest.data());
            host.with_host_response(|response| write(&mut guest, start, response)).unwrap_or(Ok(()))
        })?
        .func_wrap(HOST_NAMESPACE, HOST_ERROR_LEN_FN, |guest: Caller<'_, Host>| {
            length(guest.data().get_host_error().map_or(0, |error| error.len()))
        })?
        .func_wrap(HOST_NAMESPACE, HOST_ERROR_FN, |mut guest: Caller<'_, Host>, start: u32| {
            let error = guest.data().get_host_error().unwrap_or_default();
            write(&mut guest, start, error.as_bytes())
        })?;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, clippy::too_many_arguments, reason = "waPC and wasmi define them")]
fn host_call(
    guest: Caller<'_, Host>,
    binding: u32,
    binding_length: u32,
    namespace: u32,
    namespace_length: u32,
    operation: u32,
    operation_length: u32,
    payload: u32,
    payload_length: u32,
) -> Result<i32, Error> {
    let result = guest.data().do_host_call(
        text(&guest, binding, binding_length)?,
        text(&guest, namespace, namespace_length)?,
        text(&guest, operation, operation_length)?,
        read(&guest, payload, payload_length)?,
    );
    result.map_err(|error| Error::new(error.to_string()))
}

fn define_wasi(linker: &mut Linker<Host>) -> Result<(), LinkerError> {
    linker
        // Hash maps are seeded with it. With the same seeds the same request gets the same answer.
        .func_wrap(WASI, "random_get", |mut guest: Caller<'_, Host>, start: u32, length: u32| {
            write(&mut guest, start, &vec![0; length as usize])?;
            Ok::<_, Error>(SUCCESS)
        })?
        // There are no variables.
        .func_wrap(WASI, "environ_sizes_get", |mut guest: Caller<'_, Host>, count: u32, size: u32| {
            write(&mut guest, count, &0_u32.to_le_bytes())?;
            write(&mut guest, size, &0_u32.to_le_bytes())?;
            Ok::<_, Error>(SUCCESS)
        })?
        .func_wrap(WASI, "environ_get", |_: u32, _: u32| SUCCESS)?
        .func_wrap(WASI, "fd_write", fd_write)?
        .func_wrap(WASI, "proc_exit", |status: i32| Err::<(), _>(Error::i32_exit(status)))?;
    Ok(())
}

/// Writes to standard error, whatever the file: a list of pairs of start and length says what.
fn fd_write(mut guest: Caller<'_, Host>, _: u32, parts: u32, count: u32, written: u32) -> Result<i32, Error> {
    let mut text = Vec::new();
    for pair in read(&guest, parts, count.saturating_mul(8))?.as_chunks::<4>().0.as_chunks::<2>().0 {
        let [start, length] = pair.map(u32::from_le_bytes);
        text.extend_from_slice(read(&guest, start, length)?);
    }
    // Whoever runs the command may have closed it.
    let _ = io::stderr().write_all(&text);
    let length = length(text.len())?.to_le_bytes();
    write(&mut guest, written, &length)?;
    Ok(SUCCESS)
}

fn memory(guest: &Caller<'_, Host>) -> Result<Memory, Error> {
    guest
        .get_export("memory")
        .and_then(Extern::into_memory)
        .ok_or_else(|| Error::new("the module has no memory"))
}

fn read<'g>(guest: &'g Caller<'_, Host>, start: u32, length: u32) -> Result<&'g [u8], Error> {
    let (start, length) = (start as usize, length as usize);
    let bytes = memory(guest)?.data(guest).get(start..start.saturating_add(length));
    bytes.ok_or_else(|| Error::new("the module names a place outside its memory"))
}

fn text<'g>(guest: &'g Caller<'_, Host>, start: u32, length: u32) -> Result<&'g str, Error> {
    str::from_utf8(read(guest, start, length)?).map_err(|error| Error::new(error.to_string()))
}

fn write(guest: &mut Caller<'_, Host>, start: u32, bytes: &[u8]) -> Result<(), Error> {
    Ok(memory(guest)?.write(guest, start as usize, bytes)?)
}

fn length(bytes: usize) -> Result<u32, Error> {
    u32::try_from(bytes).map_err(|error| Error::new(error.to_string()))
}
