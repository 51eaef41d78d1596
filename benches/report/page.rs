//! Replaces the tables of a page. They stand between `<!-- table: NAME -->` and `<!-- end -->`, and the prose around stays.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};

const END: &str = "<!-- end -->";

/// A table's name, and its text.
pub type Tables = Vec<(&'static str, String)>;

pub fn write(path: &Path, tables: &Tables) -> Result<()> {
    let mut page = fs::read_to_string(path)?;
    for (name, table) in tables {
        page = replace(&page, name, table)
            .with_context(|| format!("the table `{name}` in {}", path.display()))?;
    }
    let places = page.matches("<!-- table: ").count();
    ensure!(places == tables.len(), "{} has {places} places for {} tables", path.display(), tables.len());
    Ok(fs::write(path, page)?)
}

fn replace(page: &str, name: &str, table: &str) -> Result<String> {
    let start = format!("<!-- table: {name} -->\n");
    let (before, rest) = page.split_once(&start).context("has no place")?;
    let (_, after) = rest.split_once(END).context("has no end")?;
    Ok(format!("{before}{start}\n{table}\n{END}{after}"))
}
