//! The results, with one file for each crate, so that a long run can be done in parts. The results on the page are also kept
//! beside the list of crates.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::mode::Mode;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CrateResult {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) edition: String,
    /// The number of async functions with a body that the compiler sees.
    pub(crate) functions: usize,
    pub(crate) modes: BTreeMap<Mode, ModeResult>,
    /// The number of tests that pass in the untouched crate, if its tests are run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tests_before: Option<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ModeResult {
    /// The hash of the sources of the library.
    pub(crate) fingerprint: String,
    pub(crate) annotated: usize,
    /// The functions that fail with the code of the mode.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) failed: Vec<Failed>,
    /// Set if the crate needs a higher recursion limit. All other results are those with the higher limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) too_deep: Option<TooDeep>,
    /// An error that is in no function. No function takes the code of the mode then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) whole: Option<String>,
    /// The number of functions whose cleanup cannot mention some of the arguments, because the body moves them away.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) moving: usize,
    /// The number of functions that the attribute refuses because their value runs later. `annotated` does not count them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) refused: usize,
    /// The functions that fail with the attribute and compile by hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) worse_than_by_hand: Vec<Failed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) new_warnings: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tests_after: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) broken_tests: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TooDeep {
    ByHandToo,
    NotByHand,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failed {
    pub(crate) function: String,
    pub(crate) place: String,
    pub(crate) codes: Vec<String>,
    /// The errors of the function written by hand. Empty if that compiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) by_hand: Vec<String>,
}

impl CrateResult {
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.json", self.id()));
        fs::write(&path, serde_json::to_string_pretty(self)?).with_context(|| path.display().to_string())
    }

    pub(crate) fn read(folder: &Path, id: &str) -> Option<Self> {
        let text = fs::read_to_string(folder.join(format!("{id}.json"))).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub(crate) fn is_current(&self, mode: Mode, fingerprint: &str) -> bool {
        self.modes.get(&mode).is_some_and(|it| it.fingerprint == fingerprint)
    }

    /// Adds the modes of an earlier run that this run left out.
    pub(crate) fn keep(&mut self, earlier: Self) {
        for (mode, result) in earlier.modes {
            self.modes.entry(mode).or_insert(result);
        }
    }

    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// Returns a line for each result that must not occur.
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
            if let Some(whole) = &result.whole {
                violations.push(format!("{mode}: no function takes it: {whole}"));
            }
            if result.too_deep == Some(TooDeep::NotByHand) {
                violations.push(format!(
                    "{mode}: compiles with a higher `recursion_limit` only, and by hand without"
                ));
            }
            violations.extend(result.new_warnings.iter().map(|it| format!("{mode}: a new warning: {it}")));
            violations.extend(result.broken_tests.iter().map(|it| format!("{mode}: a test fails: {it}")));
        }
        violations
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Reads the results from which the page was written.
pub(crate) fn read_kept(path: &Path) -> Result<Vec<CrateResult>> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))
}

pub(crate) fn write_kept(path: &Path, results: &[CrateResult]) -> Result<()> {
    fs::write(path, serde_json::to_string_pretty(results)? + "\n").with_context(|| path.display().to_string())
}
