//! Generates the JavaScript around the compiled explorer. It uses the library of `wasm-bindgen`'s command, so that `Cargo.lock` keeps it
//! at the version of `wasm-bindgen` that was compiled in; a command that is installed separately would have to match by luck.

use std::env::args_os;

use anyhow::Context as _;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let mut arguments = args_os().skip(1);
    let usage = "usage: explorer-bindgen MODULE FOLDER";
    let module = arguments.next().context(usage)?;
    let folder = arguments.next().context(usage)?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).typescript(false).web(true)?;
    // For debuggers only.
    bindgen.remove_name_section(true).remove_producers_section(true).generate(folder)
}
