//! What was found, one file a crate, so that a long run can be done in parts.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::mode::Mode;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CrateResult {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) edition: String,
    /// Of the library's sources.
    pub(crate) fingerprint: String,
    /// Async functions with a body that the compiler gets to see.
    pub(crate) functions: usize,
    pub(crate) modes: BTreeMap<Mode, ModeResult>,
    /// Tests that pass untouched, if there are any to run.
    pub(crate) tests_before: Option<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ModeResult {
    pub(crate) annotated: usize,
    /// Those that fail with what the mode asks for.
    pub(crate) failed: Vec<Failed>,
    /// An error of the crate as a whole, with which none of the functions takes it.
    pub(crate) whole: Option<String>,
    /// Functions whose cleanup cannot mention some of the arguments, because the body moves them away.
    pub(crate) moving: usize,
    /// What fails with the attribute, and not by hand.
    pub(crate) worse_than_by_hand: Vec<Failed>,
    pub(crate) new_warnings: Vec<String>,
    pub(crate) tests_after: Option<usize>,
    pub(crate) broken_tests: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failed {
    pub(crate) function: String,
    pub(crate) place: String,
    pub(crate) codes: Vec<String>,
    /// The same, written by hand; nothing where that compiles.
    pub(crate) by_hand: Vec<String>,
}

impl CrateResult {
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}-{}.json", self.name, self.version));
        fs::write(&path, serde_json::to_string_pretty(self)?).with_context(|| path.display().to_string())
    }

    pub(crate) fn read(folder: &Path, id: &str, fingerprint: &str) -> Result<Self> {
        let path = folder.join(format!("{id}.json"));
        let text = fs::read_to_string(&path).with_context(|| format!("{id} has not been run"))?;
        let result: Self = serde_json::from_str(&text)?;
        ensure!(result.fingerprint == fingerprint, "{id} was run with other sources of the library");
        Ok(result)
    }

    /// What must not be, one line each.
    pub(crate) fn violations(&self) -> Vec<String> {
        let mut violations = Vec::new();
        for (mode, result) in self.modes.iter().filter(|(mode, _)| **mode != Mode::Instrument) {
            let mode = mode.name();
            for failed in &result.worse_than_by_hand {
                let Failed { function, place, codes, .. } = failed;
                violations.push(format!(
                    "{mode}: `{function}` at {place} compiles by hand only: {}",
                    codes.join(", ")
                ));
            }
            violations.extend(result.new_warnings.iter().map(|it| format!("{mode}: a new warning: {it}")));
            violations.extend(result.broken_tests.iter().map(|it| format!("{mode}: a test fails: {it}")));
        }
        violations
    }
}
