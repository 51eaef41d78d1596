//! Writes the JavaScript that loads a wasm module into node: `glue MODULE.wasm FOLDER`.
//!
//! The program `wasm-bindgen` does the same, and takes far longer to install than its library.

use std::{env, error::Error};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else { return Err("usage: glue MODULE.wasm FOLDER".into()) };
    Bindgen::new().input_path(module).nodejs(true)?.typescript(false).generate(folder)?;
    Ok(())
}
