//! The documentation of a function with a cleanup.

use std::{env, fs, path::Path};

use crate::compiler::Compiler;

const CRATE: &str = r#"
use finally::finally;

#[finally(clean(path))]
#[finally(clean(path))]
pub async fn fetch(mut path: &str) -> Result<Vec<u8>, String> {
    path = "/";
    Ok(path.into())
}

#[finally(clean(path), armed = call)]
pub async fn armed(path: &str) -> u8 {
    1
}

pub trait Visit {
    #[finally(clean(path))]
    async fn visit(&self, path: &str) -> u8 {
        1
    }
}

fn clean(_: &str) {}
"#;

/// Returns a page without its markup.
fn text(page: &Path) -> String {
    let page = fs::read_to_string(page).unwrap();
    let parts = page.split('<').filter_map(|part| Some(part.split_once('>')?.1));
    parts.collect::<String>().replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

#[test]
fn documentation_shows_the_function_as_it_is_written() {
    let folder = env::temp_dir().join(format!("finally-rustdoc-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("shown.rs"), CRATE).unwrap();
    let output = Compiler::new().document(&folder.join("shown.rs"), &folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (page, head) in [
        ("fn.fetch.html", "pub async fn fetch(path: &str) -> Result<Vec<u8>, String>"),
        ("fn.armed.html", "pub async fn armed(path: &str) -> u8"),
        ("trait.Visit.html", "async fn visit(&self, path: &str) -> u8"),
    ] {
        let shown = text(&folder.join("shown").join(page));
        assert!(shown.contains(head), "{head}: {shown}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn documentation_links_to_the_function_as_it_is_written_and_warns_there() {
    let folder = env::temp_dir().join(format!("finally-rustdoc-source-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let source = folder.join("shown.rs");
    fs::write(&source, CRATE).unwrap();
    let output = Compiler::new().document(&source, &folder).args(["-W", "missing_docs"]).output().unwrap();
    let warnings = String::from_utf8(output.stderr).unwrap();
    for line in [6, 12, 18] {
        assert!(warnings.contains(&format!("shown.rs:{line}:")), "{line}: {warnings}");
    }
    let page = fs::read_to_string(folder.join("shown/fn.fetch.html")).unwrap();
    assert!(page.contains("shown.rs.html#6-9"), "{page}");
    fs::remove_dir_all(&folder).unwrap();
}
