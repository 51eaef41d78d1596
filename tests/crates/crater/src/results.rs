//! What was found, one file a crate, so that a long run can be done in parts. What the page was written from is kept beside
//! the list of crates.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::mode::Mode;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CrateResult {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) edition: String,
    /// Async functions with a body that the compiler gets to see.
    pub(crate) functions: usize,
    pub(crate) modes: BTreeMap<Mode, ModeResult>,
    /// Tests that pass untouched, if there are any to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tests_before: Option<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ModeResult {
    /// Of the library's sources.
    pub(crate) fingerprint: String,
    pub(crate) annotated: usize,
    /// Those that fail with the code of the mode.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) failed: Vec<Failed>,
    /// Whether the crate needs a higher recursion limit, with which all the rest was found; and if so, whether by hand, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) too_deep: Option<TooDeep>,
    /// An error of the crate as a whole, with which none of the functions takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) whole: Option<String>,
    /// Functions whose cleanup cannot mention some of the arguments, because the body moves them away.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) moving: usize,
    /// Functions that the attribute refuses because their value runs later. They are not among the annotated ones.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) refused: usize,
    /// What fails with the attribute, and not by hand.
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
    /// The same, written by hand; nothing where that compiles.
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

    /// Takes the modes of an earlier run that this one left out.
    pub(crate) fn keep(&mut self, earlier: Self) {
        for (mode, result) in earlier.modes {
            self.modes.entry(mode).or_insert(result);
        }
    }

    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.name, self.version)
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

/// What the page was written from.
pub(crate) fn read_kept(path: &Path) -> Result<Vec<CrateResult>> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))
}

pub(crate) fn write_kept(path: &Path, results: &[CrateResult]) -> Result<()> {
    fs::write(path, serde_json::to_string_pretty(results)? + "\n").with_context(|| path.display().to_string())
}
