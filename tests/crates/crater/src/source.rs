//! The sources of a package, untouched and with insertions.

use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::functions::Function;

/// The text of each file that is changed.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    folder: PathBuf,
    /// The root file of the library.
    root: PathBuf,
    texts: BTreeMap<PathBuf, String>,
    /// An attribute that stands first in the root file.
    recursion_limit: Option<&'static str>,
}

/// The text that is inserted into a function, at a place of the untouched source.
#[derive(Clone, Debug)]
pub(crate) enum Insertion {
    Attribute(String),
    Around(String, String),
}

/// The places of the functions after the insertions.
#[derive(Debug, Default)]
pub(crate) struct Layout(BTreeMap<PathBuf, Vec<(Range<usize>, usize)>>);

impl Layout {
    /// Returns the index of the innermost function at a place.
    pub(crate) fn function_at(&self, file: &Path, at: usize) -> Option<usize> {
        let functions = self.0.get(file)?;
        let around = functions.iter().filter(|(range, _)| range.contains(&at));
        around.min_by_key(|(range, _)| range.len()).map(|(_, index)| *index)
    }
}

impl Source {
    pub(crate) fn read(folder: &Path, root: &Path, functions: &[Function]) -> Result<Self> {
        let mut texts = BTreeMap::new();
        for file in functions.iter().map(|function| &*function.file).chain([root]) {
            if !texts.contains_key(file) {
                texts.insert(file.to_owned(), fs::read_to_string(folder.join(file))?);
            }
        }
        Ok(Self { folder: folder.to_owned(), root: root.to_owned(), texts, recursion_limit: None })
    }

    /// Returns the source with twice the recursion limit, as the compiler advises if futures nest too deeply.
    pub(crate) fn with_recursion_limit(&self) -> Self {
        Self { recursion_limit: Some("#![recursion_limit = \"256\"] "), ..self.clone() }
    }

    pub(crate) fn is_deep(&self) -> bool {
        self.recursion_limit.is_some()
    }

    /// Writes every file whose content has changed.
    pub(crate) fn write(
        &self,
        functions: &[Function],
        insertions: &BTreeMap<usize, Insertion>,
    ) -> Result<Layout> {
        let mut layout = Layout::default();
        for (file, text) in &self.texts {
            let mut pieces: Vec<(usize, &str)> = Vec::new();
            if *file == self.root {
                pieces.extend(self.recursion_limit.map(|attribute| (0, attribute)));
            }
            for (index, insertion) in insertions {
                let Some(function) = functions.get(*index).filter(|function| function.file == *file) else {
                    continue;
                };
                match insertion {
                    Insertion::Attribute(attribute) => pieces.push((function.start, attribute)),
                    Insertion::Around(before, after) => {
                        pieces.push((function.body.start, before));
                        pieces.push((function.body.end, after));
                    }
                }
            }
            pieces.sort_by_key(|(at, _)| *at);
            let moved = |at: usize, inclusive: bool| {
                let before =
                    pieces.iter().filter(|(place, _)| if inclusive { *place <= at } else { *place < at });
                at + before.map(|(_, piece)| piece.len()).sum::<usize>()
            };
            let mut ranges = Vec::new();
            for (index, function) in functions.iter().enumerate().filter(|(_, it)| it.file == *file) {
                ranges.push((moved(function.start, false)..moved(function.body.end, true), index));
            }
            layout.0.insert(file.clone(), ranges);

            let mut new = String::with_capacity(text.len() + 1024);
            let mut at = 0;
            for (place, piece) in &pieces {
                new.push_str(&text[at..*place]);
                new.push_str(piece);
                at = *place;
            }
            new.push_str(&text[at..]);
            let path = self.folder.join(file);
            if fs::read_to_string(&path)? != new {
                fs::write(&path, new)?;
            }
        }
        Ok(layout)
    }
}
