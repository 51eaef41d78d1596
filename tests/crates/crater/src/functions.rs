//! Finds the functions of a package in all modules that its targets reach.

use std::{
    collections::BTreeSet,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use syn::{
    Attribute, Block, Expr, FnArg, Lit, Meta, Pat, ReceiverKind, ReturnType, Signature, Type, TypeParamBound,
    Visibility,
    spanned::Spanned,
    visit::{self, Visit},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Async,
    Plain,
    /// A function that is not async, and returns an `impl Future`.
    Future,
    /// A function that is not async, and returns a `Pin<Box<dyn Future>>`.
    BoxedFuture,
}

/// A function that has a body, and its place in the untouched source.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) kind: Kind,
    /// The file, relative to the package.
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    /// The name, after that of the type for a method.
    pub(crate) name: String,
    /// The place of an attribute above all others. An attribute below them would see the function that they make.
    pub(crate) start: usize,
    pub(crate) body: Range<usize>,
    /// The type of its value, with `_` for each `impl Trait`. It is `None` for `!`.
    pub(crate) output: Option<String>,
    /// Whether it takes `&self` or `&mut self`.
    pub(crate) borrows_self: bool,
    /// The names of its arguments, `self` included.
    pub(crate) arguments: Vec<String>,
}

impl Function {
    pub(crate) fn is_async(&self) -> bool {
        self.kind == Kind::Async
    }
}

impl Kind {
    /// Recognises a future by the spelling of its type, as the attribute does.
    fn of(signature: &Signature) -> Self {
        let ReturnType::Type(_, output) = &signature.output else {
            return if signature.asyncness.is_some() { Kind::Async } else { Kind::Plain };
        };
        let ends_in = |path: &syn::Path, names: &[&str]| {
            path.segments.last().is_some_and(|segment| names.iter().any(|name| segment.ident == name))
        };
        match &**output {
            _ if signature.asyncness.is_some() => Kind::Async,
            Type::ImplTrait(output) if has_future(&output.bounds) => Kind::Future,
            Type::Path(output) if ends_in(&output.path, &["BoxFuture", "LocalBoxFuture"]) => {
                Kind::BoxedFuture
            }
            Type::Path(output) if ends_in(&output.path, &["Pin"]) => {
                struct Objects(bool);

                impl<'ast> Visit<'ast> for Objects {
                    fn visit_type_trait_object(&mut self, object: &'ast syn::TypeTraitObject) {
                        self.0 |= has_future(&object.bounds);
                    }
                }

                let mut objects = Objects(false);
                objects.visit_path(&output.path);
                if objects.0 { Kind::BoxedFuture } else { Kind::Plain }
            }
            _ => Kind::Plain,
        }
    }
}

fn has_future<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>) -> bool {
    bounds.into_iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|it| it.ident == "Future"),
        _ => false,
    })
}

/// The functions and files that the root files of the targets reach.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) functions: Vec<Function>,
    seen: BTreeSet<PathBuf>,
}

impl Sources {
    /// Adds everything that `root` reaches, which is a file in the folder `package`.
    pub(crate) fn add_root(&mut self, package: &Path, root: &Path) -> Result<()> {
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        self.add_file(package, root.to_owned(), folder)
    }

    fn add_file(&mut self, package: &Path, file: PathBuf, folder: PathBuf) -> Result<()> {
        if !self.seen.insert(file.clone()) {
            return Ok(());
        }
        let path = package.join(&file);
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("parsing {}", path.display()))?;
        let mut walk = Walk {
            text: &text,
            file: &file,
            folder,
            owner: Vec::new(),
            found: Vec::new(),
            modules: Vec::new(),
            in_module: false,
        };
        walk.visit_file(&parsed);
        let Walk { found, modules, .. } = walk;
        self.functions.extend(found);
        for candidates in modules {
            // A module that a `cfg` leaves out may be missing in the published package.
            let found = candidates.into_iter().find(|(file, _)| package.join(file).is_file());
            if let Some((file, folder)) = found {
                self.add_file(package, file, folder)?;
            }
        }
        Ok(())
    }
}

/// The possible files of a module, each with the folder of the modules inside.
type Candidates = Vec<(PathBuf, PathBuf)>;

struct Walk<'a> {
    text: &'a str,
    file: &'a Path,
    /// The folder of the modules inside the current one.
    folder: PathBuf,
    /// The enclosing types and functions.
    owner: Vec<String>,
    found: Vec<Function>,
    modules: Vec<Candidates>,
    in_module: bool,
}

impl Walk<'_> {
    fn add(
        &mut self,
        attributes: &[Attribute],
        visibility: Option<&Visibility>,
        signature: &Signature,
        body: &Block,
    ) {
        // No cleanup runs in a `const fn`, and code of another language must not be unwound through.
        if signature.constness.is_some() || signature.abi.is_some() {
            return;
        }
        let visibility = visibility.filter(|it| !matches!(it, Visibility::Inherited));
        let first = visibility.map_or_else(|| signature.span(), Spanned::span);
        let output = match &signature.output {
            ReturnType::Default => Some("()".to_owned()),
            ReturnType::Type(_, output) if matches!(**output, Type::Never(_)) => None,
            ReturnType::Type(_, output) => Some(without_impl_trait(self.text, output)),
        };
        let mut arguments = Vec::new();
        let mut borrows_self = false;
        for argument in &signature.inputs {
            match argument {
                FnArg::Receiver(receiver) => {
                    borrows_self = matches!(receiver.kind, ReceiverKind::Reference(..));
                    arguments.push("self".to_owned());
                }
                FnArg::Typed(typed)
                    if typed.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")) => {}
                FnArg::Typed(typed) => arguments.extend(names_in(&typed.pat)),
            }
        }
        self.found.push(Function {
            kind: Kind::of(signature),
            file: self.file.to_owned(),
            line: first.start().line,
            name: self
                .owner
                .iter()
                .map(String::as_str)
                .chain([signature.ident.to_string().as_str()])
                .collect::<Vec<_>>()
                .join("::"),
            start: attributes.first().map_or(first, |it| it.pound_token.span).byte_range().start,
            body: body.span().byte_range(),
            output,
            borrows_self,
            arguments,
        });
    }

    fn within(&mut self, owner: String, visit: impl FnOnce(&mut Self)) {
        self.owner.push(owner);
        visit(self);
        self.owner.pop();
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.attrs, Some(&item.vis), &item.sig, &item.block);
        self.within(item.sig.ident.to_string(), |walk| visit::visit_item_fn(walk, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.attrs, Some(&item.vis), &item.sig, &item.block);
        self.within(item.sig.ident.to_string(), |walk| visit::visit_impl_item_fn(walk, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.add(&item.attrs, None, &item.sig, body);
        }
        self.within(item.sig.ident.to_string(), |walk| visit::visit_trait_item_fn(walk, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let owner = one_line(&self.text[item.self_ty.span().byte_range()]);
        self.within(owner, |walk| visit::visit_item_impl(walk, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.within(item.ident.to_string(), |walk| visit::visit_item_trait(walk, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = item.ident.to_string();
        let name = name.trim_start_matches("r#");
        let path = item.attrs.iter().find_map(path_attribute);
        if item.content.is_some() {
            let folder = path.map_or_else(|| self.folder.join(name), |path| self.folder.join(path));
            let outer =
                (std::mem::replace(&mut self.folder, folder), std::mem::replace(&mut self.in_module, true));
            visit::visit_item_mod(self, item);
            (self.folder, self.in_module) = outer;
            return;
        }
        self.modules.push(match path {
            Some(path) => {
                let beside = self.file.parent().unwrap_or(Path::new(""));
                let file = normal(&if self.in_module { self.folder.join(path) } else { beside.join(path) });
                let folder = file.parent().unwrap_or(Path::new("")).to_owned();
                vec![(file, folder)]
            }
            None => {
                let folder = self.folder.join(name);
                vec![
                    (self.folder.join(format!("{name}.rs")), folder.clone()),
                    (folder.join("mod.rs"), folder),
                ]
            }
        });
    }

    /// By convention a macro with such a name puts a `cfg` on its items, and changes nothing else.
    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        let name = item.mac.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if !name.starts_with("cfg_") || item.ident.is_some() {
            return;
        }
        let Ok(inside) = syn::parse2::<syn::File>(item.mac.tokens.clone()) else { return };
        // This tree does not live as long as that of the file, so it needs another walk.
        let mut walk = Walk {
            text: self.text,
            file: self.file,
            folder: self.folder.clone(),
            owner: self.owner.clone(),
            found: Vec::new(),
            modules: Vec::new(),
            in_module: self.in_module,
        };
        walk.visit_file(&inside);
        let Walk { found, modules, .. } = walk;
        self.found.extend(found);
        self.modules.extend(modules);
    }
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("path") => match &meta.value {
            Expr::Lit(syn::ExprLit { lit: Lit::Str(path), .. }) => Some(path.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the path without `..`, so that each file has one name.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                normal.pop();
            }
            std::path::Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn names_in(pattern: &Pat) -> Vec<String> {
    struct Names(Vec<String>);

    impl<'ast> Visit<'ast> for Names {
        fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
            let name = pattern.ident.to_string();
            // A constant or a variant begins with an upper-case letter, and is not an argument.
            if !name.starts_with(char::is_uppercase) {
                self.0.push(name);
            }
            visit::visit_pat_ident(self, pattern);
        }
    }

    let mut names = Names(Vec::new());
    names.visit_pat(pattern);
    names.0
}

/// Returns the text of a type, with `_` in place of each `impl Trait`.
fn without_impl_trait(text: &str, output: &Type) -> String {
    struct Places(Vec<Range<usize>>);

    impl<'ast> Visit<'ast> for Places {
        fn visit_type_impl_trait(&mut self, ty: &'ast syn::TypeImplTrait) {
            self.0.push(ty.span().byte_range());
        }
    }

    let mut places = Places(Vec::new());
    places.visit_type(output);
    let range = output.span().byte_range();
    let mut erased = String::new();
    let mut at = range.start;
    for place in places.0 {
        erased.push_str(&text[at..place.start]);
        erased.push('_');
        at = place.end;
    }
    erased.push_str(&text[at..range.end]);
    one_line(&erased)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(files: &[(&str, &str)]) -> Vec<Function> {
        let name = std::thread::current().name().unwrap_or_default().replace("::", "-");
        let folder = std::env::temp_dir().join(format!("crater-{}-{name}", std::process::id()));
        for (file, text) in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
            fs::write(path, text).expect("a writable file");
        }
        let mut sources = Sources::default();
        sources.add_root(&folder, Path::new("src/lib.rs")).expect("sources that parse");
        fs::remove_dir_all(folder).expect("a folder to remove");
        sources.functions
    }

    #[test]
    fn functions_are_found_through_modules_and_have_names() {
        let found = functions(&[
            (
                "src/lib.rs",
                "mod a; mod gone; #[path = \"other.rs\"] mod b; cfg_rt! { mod c { mod d; } async fn e() {} }",
            ),
            ("src/a.rs", "impl<T> Pool<T> { pub async fn get(&self) {} fn not() {} } mod deep;"),
            (
                "src/a/deep.rs",
                "trait Work { async fn work(self) { async fn inner() {} } async fn without(); }",
            ),
            ("src/other.rs", "async fn b() {}"),
            ("src/c/d.rs", "macro_rules! m { () => { async fn not() {} } } async fn d() {}"),
            ("src/unreached.rs", "async fn not() {}"),
        ]);
        let names: BTreeSet<_> = found.iter().filter(|it| it.is_async()).map(|it| it.name.as_str()).collect();
        let expected = ["Pool<T>::get", "Work::work", "Work::work::inner", "b", "d", "e"];
        assert_eq!(names, BTreeSet::from(expected));
    }

    #[test]
    fn functions_that_are_const_or_extern_are_left_out() {
        let text = "const fn a() {} extern \"C\" fn b() {} unsafe fn c() {} fn d() {}";
        let found = functions(&[("src/lib.rs", text)]);
        let names: Vec<_> = found.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["c", "d"]);
    }

    #[test]
    fn the_kind_of_a_function_is_in_its_head() {
        let text = "async fn a() -> Pin<u8> {} fn b() -> Vec<u8> {} fn c() -> impl Send + core::future::Future {} \
                    fn d() -> BoxFuture<'_, u8> {} fn e() -> Pin<Box<dyn Future<Output = u8> + Send>> {} \
                    fn f() -> Pin<Box<dyn Stream>> {} fn g() -> Pin<&mut impl Future> {}";
        let found = functions(&[("src/lib.rs", text)]);
        let kinds: Vec<_> = found.iter().map(|it| it.kind).collect();
        use Kind::{Async, BoxedFuture, Future, Plain};
        assert_eq!(kinds, [Async, Plain, Future, BoxedFuture, BoxedFuture, Plain, Plain]);
    }

    #[test]
    fn an_attribute_goes_above_the_others() {
        let text = "/// Says.\n#[inline] pub async fn f() {} impl A for B { async fn g() {} }";
        let found = functions(&[("src/lib.rs", text)]);
        let starts: Vec<_> = found.iter().map(|it| &text[it.start..it.body.end]).collect();
        assert_eq!(starts, ["/// Says.\n#[inline] pub async fn f() {}", "async fn g() {}"]);
    }

    #[test]
    fn arguments_and_output_are_as_written() {
        let text = "async fn f(&mut self, (a, Some(mut b)): T, _: u8, #[cfg(x)] c: u8) -> Result<impl Fn() -> u8, \n E> {} \
                    async fn g() -> ! {}";
        let found = functions(&[("src/lib.rs", &format!("impl S {{ {text} }}"))]);
        let told: Vec<_> =
            found.iter().map(|it| (it.borrows_self, it.arguments.join(" "), it.output.as_deref())).collect();
        assert_eq!(told, [(true, "self a b".to_owned(), Some("Result<_, E>")), (false, String::new(), None)]);
    }
}
