//! Counts what the cases of `subjects/` cost.
//!
//!     cargo bench                    counts everything, and writes the tables and the chart of docs/performance.md
//!     cargo bench -- --budgets       counts the cases of budgets.txt, and fails if one is above what is recorded there
//!     cargo bench -- --bless         counts them, and records them
//!
//! It counts instructions with valgrind, which it installs with apt-get if there is none.

mod budgets;
mod chart;
mod goals;
mod measure;
mod page;
mod subject;
mod tables;

use std::{env, path::Path};

use anyhow::{Result, bail};

use crate::measure::Measured;

fn main() -> Result<()> {
    // Cargo adds `--bench` by itself.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    subject::require_valgrind()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => write_report(),
        ["--budgets"] => budgets::check(),
        ["--bless"] => budgets::bless(),
        _ => bail!("give no argument, `--budgets` or `--bless`, not {arguments:?}"),
    }
}

fn write_report() -> Result<()> {
    let measured = Measured::now()?;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    std::fs::write(docs.join("performance.svg"), chart::draw(&measured)?)?;
    page::write(&docs.join("performance.md"), &tables::all(&measured)?)
}
