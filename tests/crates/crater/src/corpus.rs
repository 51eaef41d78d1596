//! Reads the list of crates, and downloads them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use toml::{Table, Value};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Corpus {
    #[serde(rename = "crate")]
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The reason why the crate is in the list.
    pub(crate) style: String,
    #[serde(default)]
    pub(crate) features: Vec<String>,
    #[serde(default)]
    pub(crate) default_features: Option<bool>,
    /// Whether its tests are built and run. They have to be published, and must not need a server.
    #[serde(default)]
    pub(crate) tests: bool,
    /// The name under which the crate knows the library, if it is not `finally`.
    #[serde(default)]
    pub(crate) library: Option<String>,
    /// Whether the crate belongs to the part that runs after every change.
    #[serde(default)]
    pub(crate) fixed: bool,
}

impl Corpus {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("reading {}", path.display()))
    }
}

impl Entry {
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    pub(crate) fn library(&self) -> &str {
        self.library.as_deref().unwrap_or("finally")
    }

    /// Returns the arguments with which cargo selects the features.
    pub(crate) fn feature_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if self.default_features == Some(false) {
            flags.push("--no-default-features".to_owned());
        }
        if !self.features.is_empty() {
            flags.extend(["--features".to_owned(), self.features.join(",")]);
        }
        flags
    }
}

/// A published package with three more dependencies: the library, the crate of the cleanups, and `tracing`.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) folder: PathBuf,
    pub(crate) edition: String,
    /// The root files of the targets that are built, relative to the folder.
    pub(crate) roots: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    version: String,
    edition: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

/// Downloads a package as a dependency of an empty one, and copies it.
pub(crate) fn prepare(entry: &Entry, repository: &Path, scratch: &Path) -> Result<Package> {
    let empty = scratch.join("fetch").join(entry.id());
    fs::create_dir_all(empty.join("src"))?;
    fs::write(empty.join("src/lib.rs"), "")?;
    let manifest = format!(
        "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{} = \"={}\"\n",
        entry.name, entry.version
    );
    fs::write(empty.join("Cargo.toml"), manifest)?;
    let published = metadata(&empty, &entry.name, &entry.version)?;
    let source = published.manifest_path.parent().context("a manifest without a folder")?;

    let folder = scratch.join("crates").join(entry.id());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    copy(source, &folder)?;
    add_dependencies(&folder.join("Cargo.toml"), entry, repository)?;

    let package = metadata(&folder, &entry.name, &entry.version)?;
    let is_built = |target: &&Target| {
        target.kind.iter().any(|kind| match kind.as_str() {
            "lib" | "rlib" | "cdylib" | "staticlib" | "proc-macro" => true,
            "bin" | "test" => entry.tests,
            _ => false,
        })
    };
    let roots = package
        .targets
        .iter()
        .filter(is_built)
        .map(|target| Ok(target.src_path.strip_prefix(&folder)?.to_owned()))
        .collect::<Result<Vec<_>>>()?;
    ensure!(!roots.is_empty(), "{} has no target to build", entry.id());
    Ok(Package { folder, edition: package.edition, roots })
}

fn metadata(folder: &Path, name: &str, version: &str) -> Result<MetadataPackage> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1"])
        .current_dir(folder)
        .output()
        .context("starting cargo")?;
    if !output.status.success() {
        bail!("cargo metadata in {}:\n{}", folder.display(), String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    let mut packages = metadata.packages.into_iter();
    packages
        .find(|package| package.name == name && package.version == version)
        .with_context(|| format!("cargo did not find {name} {version}"))
}

/// All but what would make cargo or rustup behave otherwise. The versions of dependencies are what cargo finds: a lock file of
/// another time may leave none for the library.
fn copy(from: &Path, to: &Path) -> Result<()> {
    const LEFT_OUT: &[&str] =
        &[".cargo", ".cargo-ok", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml", "clippy.toml"];

    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry?;
        let inside = entry.path().strip_prefix(from)?;
        if inside.iter().any(|part| LEFT_OUT.iter().any(|name| part == *name)) {
            continue;
        }
        let to = to.join(inside);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&to)?;
        } else {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            // `fs::copy` would copy that a file is read-only.
            fs::write(&to, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

fn add_dependencies(manifest: &Path, entry: &Entry, repository: &Path) -> Result<()> {
    let mut table: Table = toml::from_str(&fs::read_to_string(manifest)?)?;
    table.insert("workspace".to_owned(), Value::Table(Table::new()));

    let mut ours = Table::new();
    ours.insert("package".to_owned(), "async-finally".into());
    ours.insert("path".to_owned(), repository.display().to_string().into());
    let mut cleanups = Table::new();
    cleanups.insert(
        "path".to_owned(),
        repository.join("tests/crates/crater/cleanups").display().to_string().into(),
    );
    let mut theirs = Table::new();
    theirs.insert("version".to_owned(), "0.1.40".into());

    // They have a table of their own, because a crate may have an optional dependency of the same name.
    let target = table.entry("target").or_insert_with(|| Table::new().into());
    let target = target.as_table_mut().context("`target` is no table")?;
    let mut dependencies = Table::new();
    dependencies.insert(entry.library().to_owned(), ours.into());
    dependencies.insert("crater-cleanups".to_owned(), cleanups.into());
    dependencies.insert("tracing".to_owned(), theirs.into());
    let mut always = Table::new();
    always.insert("dependencies".to_owned(), dependencies.into());
    target.insert("cfg(all())".to_owned(), always.into());
    fs::write(manifest, toml::to_string(&table)?)?;
    Ok(())
}
