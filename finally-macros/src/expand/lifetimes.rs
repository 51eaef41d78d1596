//! Names the lifetimes that an `async fn` leaves out inside of an `impl Trait` argument. A function that is not async
//! has to name them.

use proc_macro2::Span;
use syn::{
    FnArg, GenericArgument, GenericParam, Lifetime, LifetimeParam, Path, PathArguments, Signature, Type,
    TypeParamBound, punctuated::Punctuated,
};

/// Gives each of them a parameter of its own.
pub(super) fn name_lifetimes(signature: &mut Signature) {
    let mut namer = Namer::default();
    for argument in &mut signature.inputs {
        if let FnArg::Typed(argument) = argument {
            namer.of_type(&mut argument.ty);
        }
    }
    if namer.names.is_empty() {
        return;
    }
    let generics = &mut signature.generics;
    let declared = namer.names.into_iter().map(|name| GenericParam::Lifetime(LifetimeParam::new(name)));
    generics.params = declared.chain(std::mem::take(&mut generics.params)).collect();
}

#[derive(Default)]
struct Namer {
    is_in_impl: bool,
    names: Vec<Lifetime>,
}

impl Namer {
    fn of_type(&mut self, ty: &mut Type) {
        match ty {
            Type::Array(it) => self.of_type(&mut it.elem),
            Type::Group(it) => self.of_type(&mut it.elem),
            Type::Paren(it) => self.of_type(&mut it.elem),
            Type::Ptr(it) => self.of_type(&mut it.elem),
            Type::Slice(it) => self.of_type(&mut it.elem),
            Type::Tuple(it) => it.elems.iter_mut().for_each(|ty| self.of_type(ty)),
            Type::Reference(it) => {
                if self.is_in_impl {
                    let span = it.and_token.span;
                    match &mut it.lifetime {
                        Some(lifetime) => self.of_lifetime(lifetime),
                        none => *none = Some(self.name(span)),
                    }
                }
                self.of_type(&mut it.elem);
            }
            Type::Path(it) => {
                if let Some(qself) = &mut it.qself {
                    self.of_type(&mut qself.ty);
                }
                self.of_path(&mut it.path);
            }
            Type::ImplTrait(it) => {
                let is_in_impl = std::mem::replace(&mut self.is_in_impl, true);
                self.of_bounds(&mut it.bounds);
                self.is_in_impl = is_in_impl;
            }
            Type::TraitObject(it) => self.of_bounds(&mut it.bounds),
            // The lifetimes of a function pointer are its own.
            _ => {}
        }
    }

    fn of_bounds<P>(&mut self, bounds: &mut Punctuated<TypeParamBound, P>) {
        for bound in bounds {
            match bound {
                TypeParamBound::Trait(bound) => self.of_path(&mut bound.path),
                TypeParamBound::Lifetime(lifetime) => self.of_lifetime(lifetime),
                _ => {}
            }
        }
    }

    fn of_path(&mut self, path: &mut Path) {
        for segment in &mut path.segments {
            // The lifetimes of `Fn(&T) -> &U` are its own.
            let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else { continue };
            for argument in &mut arguments.args {
                match argument {
                    GenericArgument::Lifetime(lifetime) => self.of_lifetime(lifetime),
                    GenericArgument::Type(ty) => self.of_type(ty),
                    GenericArgument::AssocType(associated) => self.of_type(&mut associated.ty),
                    GenericArgument::Constraint(constraint) => self.of_bounds(&mut constraint.bounds),
                    _ => {}
                }
            }
        }
    }

    fn of_lifetime(&mut self, lifetime: &mut Lifetime) {
        if self.is_in_impl && lifetime.ident == "_" {
            *lifetime = self.name(lifetime.span());
        }
    }

    fn name(&mut self, span: Span) -> Lifetime {
        let name = format!("'__finally_{}", self.names.len());
        let name = Lifetime::new(&name, Span::mixed_site().located_at(span));
        self.names.push(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;

    use super::*;

    #[test]
    fn only_what_is_left_out_inside_of_an_impl_trait_gets_a_name() {
        for (written, named) in [
            ("fn f(a: impl Into<&str>)", "fn f<'__finally_0>(a: impl Into<&'__finally_0 str>)"),
            ("fn f<T>(a: T, b: impl A + '_)", "fn f<'__finally_0, T>(a: T, b: impl A + '__finally_0)"),
            (
                "fn f<'a>(a: &u8, b: &impl A<'_, &'a u8, B = (&u8,)>)",
                "fn f<'__finally_0, '__finally_1, 'a>(a: &u8, b: &impl A<'__finally_0, &'a u8, B = (&'__finally_1 u8,)>)",
            ),
            (
                "fn f(a: Vec<impl A<B: C<&u8>>>, b: [impl A<Box<dyn B + '_>>; 2])",
                "fn f<'__finally_0, '__finally_1>(a: Vec<impl A<B: C<&'__finally_0 u8>>>, \
                 b: [impl A<Box<dyn B + '__finally_1>>; 2])",
            ),
            (
                "fn f(a: impl Fn(&u8) -> &u8, b: impl A<fn(&u8)>)",
                "fn f(a: impl Fn(&u8) -> &u8, b: impl A<fn(&u8)>)",
            ),
            ("fn f(&self, a: &u8, b: A<'_>) -> &u8", "fn f(&self, a: &u8, b: A<'_>) -> &u8"),
        ] {
            let signature = |source: &str| syn::parse_str::<Signature>(source).expect("a signature");
            let mut changed = signature(written);
            name_lifetimes(&mut changed);
            let words = |signature: &Signature| signature.to_token_stream().to_string();
            assert_eq!(words(&changed), words(&signature(named)), "{written}");
        }
    }
}
