//! Lowers jumps that leave a body: a `break` or `continue` of an enclosing loop.
//!
//! A jump cannot leave the `async` block that the body becomes. So each one is replaced by a `break` to a label
//! of ours inside the block, and the jump itself follows after the cleanup. The rest of the body is unchanged,
//! including `return` and `?`.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{
    Expr, Pat, Token,
    parse::{ParseStream, Parser as _},
};

use crate::tokens::{self, punct};

/// A jump to a place outside the body.
pub(crate) struct Jump {
    /// `break` or `continue`, at its first occurrence.
    pub(crate) word: Ident,
    /// The label, with its tick.
    pub(crate) label: Option<Label>,
    /// The span of the start of its value, if it has one.
    pub(crate) value: Option<Span>,
    /// Whether it occurs only in macros and without a label. Such a macro may have a loop of its own.
    in_macro: bool,
}

#[derive(Clone)]
pub(crate) struct Label {
    tick: Punct,
    pub(crate) name: Ident,
}

impl ToTokens for Label {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tick.to_tokens(tokens);
        self.name.to_tokens(tokens);
    }
}

impl Jump {
    pub(crate) fn is(&self, word: &str, label: Option<&Label>) -> bool {
        self.word == word && self.label.as_ref().map(|it| &it.name) == label.map(|it| &it.name)
    }
}

/// The body, in which jumps are replaced by jumps to our labels.
pub(crate) struct Lowered {
    pub(crate) body: Group,
    pub(crate) jumps: Vec<Jump>,
    /// Whether a macro that may have a loop of its own contains a jump without a label. The jump is unchanged,
    /// and the body is in a loop of ours.
    pub(crate) in_macro: bool,
}

/// Returns our label for the jump with this number.
pub(crate) fn label(number: usize) -> TokenStream {
    let (tick, name) = (
        Punct::new('\'', Spacing::Joint),
        format_ident!("__finally_jump_{number}", span = Span::mixed_site()),
    );
    quote!(#tick #name)
}

pub(crate) fn lower(body: &Group) -> Lowered {
    let mut replacer = Replacer::default();
    let jumps = |word| tokens::has_word(&body.stream(), word);
    let body = if jumps("break") || jumps("continue") {
        replacer.lower_group(body, &Targets::default())
    } else {
        body.clone()
    };
    Lowered { body, jumps: replacer.jumps, in_macro: replacer.in_macro }
}

/// Returns the first jump that certainly leaves the block. One in a macro may belong to a loop of that macro.
pub(crate) fn first(block: &Group) -> Option<Ident> {
    lower(block).jumps.into_iter().find(|jump| !jump.in_macro).map(|jump| jump.word)
}

/// The possible targets of a jump inside the body.
#[derive(Clone, Default)]
struct Targets {
    /// Whether this is inside a loop of the body, or inside a labelled block, which a jump without a label
    /// cannot leave.
    owns_unlabelled: bool,
    labels: Vec<String>,
    /// Whether this is inside a macro that may have loops of its own.
    in_macro: bool,
}

impl Targets {
    fn labelled(&self, label: Option<&Label>) -> Self {
        let mut targets = self.clone();
        targets.labels.extend(label.map(|it| it.name.to_string()));
        targets
    }

    fn owns(&self, label: Option<&Label>) -> bool {
        match label {
            Some(label) => self.labels.iter().any(|it| label.name == it),
            None => self.owns_unlabelled,
        }
    }
}

#[derive(Default)]
struct Replacer {
    jumps: Vec<Jump>,
    in_macro: bool,
    /// The number of jumps that were replaced.
    replaced: usize,
    /// The number of trees that were parsed.
    #[cfg(test)]
    parsed: usize,
}

impl Replacer {
    fn lower(&mut self, tokens: TokenStream, targets: &Targets) -> TokenStream {
        let trees = trees_of(tokens);
        let mut lowered = TokenStream::new();
        let mut at = 0;
        let mut label = None;
        while let Some(tree) = trees.get(at) {
            if let Some(end) = tokens::end_of_inner_body(&trees, at) {
                lowered.extend(trees.iter().take(end).skip(at).cloned());
                at = end;
                continue;
            }
            if let Some((defined, end)) = label_definition(&trees, at) {
                lowered.extend(trees.iter().take(end).skip(at).cloned());
                label = Some(defined);
                at = end;
                continue;
            }
            let label = label.take();
            match tree {
                TokenTree::Ident(word) if is_jump(word) && !follows_dot(&trees, at) => {
                    at = self.lower_jump(word, &trees, at, targets, &mut lowered);
                    continue;
                }
                TokenTree::Ident(word) if is_loop(word) && !is_other_for(&trees, at) => {
                    if let Some(body) = self.loop_body(&trees, at) {
                        let header = trees.iter().take(body).skip(at + 1).cloned().collect();
                        let inside = Targets { owns_unlabelled: true, ..targets.labelled(label.as_ref()) };
                        lowered.extend([tree.clone()]);
                        lowered.extend(self.lower(header, targets));
                        lowered.extend(trees.get(body).map(|body| self.lower_tree(body, &inside)));
                        at = body + 1;
                        continue;
                    }
                    lowered.extend([tree.clone()]);
                }
                TokenTree::Group(_) if label.is_some() => {
                    let inside = Targets { owns_unlabelled: true, ..targets.labelled(label.as_ref()) };
                    lowered.extend([self.lower_tree(tree, &inside)]);
                }
                TokenTree::Group(group) if hides_loops(&trees, at) => {
                    let mut inside = Targets { in_macro: true, ..targets.clone() };
                    labels_for_macro(&group.stream(), &mut inside.labels);
                    lowered.extend([self.lower_tree(tree, &inside)]);
                }
                tree => lowered.extend([self.lower_tree(tree, targets)]),
            }
            at += 1;
        }
        lowered
    }

    fn lower_tree(&mut self, tree: &TokenTree, targets: &Targets) -> TokenTree {
        match tree {
            TokenTree::Group(group) => TokenTree::Group(self.lower_group(group, targets)),
            tree => tree.clone(),
        }
    }

    fn lower_group(&mut self, group: &Group, targets: &Targets) -> Group {
        let before = self.replaced;
        let inside = self.lower(group.stream(), targets);
        if self.replaced == before {
            return group.clone();
        }
        let mut lowered = Group::new(group.delimiter(), inside);
        lowered.set_span(group.span());
        lowered
    }

    /// Returns the position of the body of the loop at `at`. The head is parsed, because it may contain blocks.
    /// If it does not parse, the first block is taken as the body.
    ///
    /// The length of the head is unknown. So the search parses a few trees first, and then twice as many each
    /// time. With all following trees, a sequence of a thousand loops would be parsed a thousand times.
    fn loop_body(&mut self, trees: &[TokenTree], at: usize) -> Option<usize> {
        const FEW: usize = 16;
        const TOO_MANY: usize = 4096;

        let mut length = FEW;
        loop {
            let window: Vec<_> = statement(trees, at).take(length).map(hollow).collect();
            let parsed = window.len();
            #[cfg(test)]
            {
                self.parsed += parsed;
            }
            let head = trees_after_head.parse2(window.into_iter().collect());
            let body = head.ok().and_then(|rest| parsed.checked_sub(rest)).map(|length| at + length);
            let is_inside =
                |body: &usize| *body < at + parsed && trees.get(*body).is_some_and(tokens::is_block);
            if let Some(body) = body.filter(is_inside) {
                return Some(body);
            }
            if parsed < length || length >= TOO_MANY {
                return statement(trees, at).position(tokens::is_block).map(|body| at + body);
            }
            length *= 2;
        }
    }

    /// Lowers a jump, and returns the position after its word and label. A value is left in place.
    fn lower_jump(
        &mut self,
        word: &Ident,
        trees: &[TokenTree],
        at: usize,
        targets: &Targets,
        lowered: &mut TokenStream,
    ) -> usize {
        let label = label_at(trees, at + 1);
        let end = at + 1 + 2 * usize::from(label.is_some());
        if targets.owns(label.as_ref()) {
            lowered.extend(trees.iter().take(end).skip(at).cloned());
            return end;
        }
        let in_macro = targets.in_macro && label.is_none();
        self.replaced += 1;
        let number = self.number(word, label.as_ref());
        if let Some(jump) = self.jumps.get_mut(number) {
            jump.in_macro &= in_macro;
            let value = trees.get(end).filter(|next| *word == "break" && starts_value(next));
            jump.value = jump.value.or(value.map(TokenTree::span));
        }
        if in_macro {
            self.in_macro = true;
            // The expansion of the macro may also contain a `continue`, which would continue our loop.
            self.number(&Ident::new("continue", word.span()), None);
            lowered.extend([word.clone()].map(TokenTree::Ident));
        } else {
            // An operator can follow a `continue`. After a `break`, `|| x` is a closure and `- x` a value.
            let is_operand = word == "continue" && trees.get(end).is_some_and(starts_value);
            let (word, label) = (Ident::new("break", word.span()), self::label(number));
            lowered.extend(if is_operand { quote!((#word #label)) } else { quote!(#word #label) });
        }
        end
    }

    fn number(&mut self, word: &Ident, label: Option<&Label>) -> usize {
        if let Some(number) = self.jumps.iter().position(|jump| jump.is(&word.to_string(), label)) {
            return number;
        }
        self.jumps.push(Jump { word: word.clone(), label: label.cloned(), value: None, in_macro: true });
        self.jumps.len() - 1
    }
}

fn is_jump(word: &Ident) -> bool {
    word == "break" || word == "continue"
}

fn is_loop(word: &Ident) -> bool {
    ["loop", "while", "for"].iter().any(|known| word == known)
}

/// Returns whether the word at `at` is a `for` without a loop: one that binds lifetimes, `for<'a>`, or one in
/// the head of an `impl`.
fn is_other_for(trees: &[TokenTree], at: usize) -> bool {
    let is = |at: usize, word: &str| matches!(trees.get(at), Some(TokenTree::Ident(it)) if it == word);
    let binds = punct(trees.get(at + 1)) == Some('<') && matches!(punct(trees.get(at + 2)), Some('\'' | '>'));
    // The head of a loop contains `in`. Only a pattern can have braces before it.
    let ends_head = |(at, tree): &(usize, &TokenTree)| {
        let ends_pattern = is(at + 1, "in") || punct(trees.get(at + 1)) == Some('|');
        is(*at, "in") || (tokens::is_block(tree) && !ends_pattern)
    };
    let has_in = || (at..).zip(statement(trees, at)).find(ends_head).is_some_and(|(end, _)| is(end, "in"));
    is(at, "for") && (binds || !has_in())
}

fn follows_dot(trees: &[TokenTree], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| punct(trees.get(before))) == Some('.')
}

/// Returns the trees. A `$label:lifetime` of a `macro_rules!` macro is a group without delimiters, and is replaced
/// by its tick and its name.
fn trees_of(tokens: TokenStream) -> Vec<TokenTree> {
    let label_in = |tree: &TokenTree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let inside: Vec<_> = group.stream().into_iter().collect();
            (inside.len() == 2 && label_at(&inside, 0).is_some()).then_some(inside)
        }
        _ => None,
    };
    tokens.into_iter().flat_map(|tree| label_in(&tree).unwrap_or_else(|| vec![tree])).collect()
}

fn label_at(trees: &[TokenTree], at: usize) -> Option<Label> {
    match (trees.get(at), trees.get(at + 1)) {
        (Some(TokenTree::Punct(tick)), Some(TokenTree::Ident(name))) if tick.as_char() == '\'' => {
            Some(Label { tick: tick.clone(), name: name.clone() })
        }
        _ => None,
    }
}

/// Returns the label in front of a loop or a block, `'label:`, and the position after it.
fn label_definition(trees: &[TokenTree], at: usize) -> Option<(Label, usize)> {
    let label = label_at(trees, at)?;
    let follows = match trees.get(at + 3)? {
        TokenTree::Ident(word) => is_loop(word),
        block @ TokenTree::Group(_) => tokens::is_block(block),
        _ => false,
    };
    (follows && punct(trees.get(at + 2)) == Some(':')).then_some((label, at + 3))
}

/// Parses the head of a loop, and returns the number of trees after it.
fn trees_after_head(input: ParseStream<'_>) -> syn::Result<usize> {
    if input.parse::<Option<Token![for]>>()?.is_some() {
        Pat::parse_multi_with_leading_vert(input)?;
        input.parse::<Token![in]>()?;
        Expr::parse_without_eager_brace(input)?;
    } else if input.parse::<Option<Token![while]>>()?.is_some() {
        Expr::parse_without_eager_brace(input)?;
    } else {
        input.parse::<Token![loop]>()?;
    }
    Ok(input.parse::<TokenStream>()?.into_iter().count())
}

/// Returns the trees up to the next semicolon.
fn statement(trees: &[TokenTree], at: usize) -> impl Iterator<Item = &TokenTree> {
    trees.iter().skip(at).take_while(|tree| punct(Some(tree)) != Some(';'))
}

/// Returns a tree without its content. It still parses as the same kind of pattern, type or expression.
fn hollow(tree: &TokenTree) -> TokenTree {
    match tree {
        TokenTree::Group(group) if group.delimiter() != Delimiter::None => {
            let inside = if group.delimiter() == Delimiter::Bracket { quote!(_) } else { TokenStream::new() };
            Group::new(group.delimiter(), inside).into()
        }
        tree => tree.clone(),
    }
}

/// Returns whether `break` has a value: it does unless the next token cannot start an expression.
fn starts_value(next: &TokenTree) -> bool {
    !matches!(punct(Some(next)), Some(';' | ',' | '}'))
}

/// Returns whether the group is the input of a macro that may have loops of its own.
fn hides_loops(trees: &[TokenTree], at: usize) -> bool {
    tokens::macro_name(trees, at).is_some_and(|name| !tokens::is_transparent(name))
}

/// Collects the labels that a macro may define: all in its input that do not follow a jump.
fn labels_for_macro(arguments: &TokenStream, labels: &mut Vec<String>) {
    let trees = trees_of(arguments.clone());
    for (at, tree) in trees.iter().enumerate() {
        let jumps = matches!(at.checked_sub(1).and_then(|at| trees.get(at)), Some(TokenTree::Ident(word)) if is_jump(word));
        match (tree, label_at(&trees, at)) {
            (TokenTree::Group(group), _) => labels_for_macro(&group.stream(), labels),
            (_, Some(label)) if !jumps => labels.push(label.name.to_string()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(source: &str) -> usize {
        let body = Group::new(Delimiter::Brace, source.parse().expect("tokens"));
        let mut replacer = Replacer::default();
        replacer.lower_group(&body, &Targets::default());
        replacer.parsed
    }

    #[test]
    fn twice_as_many_loops_take_twice_the_steps() {
        for a_loop in [
            "loop { break }",
            "for x in match y { _ => z } { if x { break } }",
            "while if x { y } else if z { x } else { z } { f(|| { for x in y { continue } }); }",
            "for x in y; z",
            "impl A for B {}",
        ] {
            let of = |count: usize| parsed(&a_loop.repeat(count));
            let (once, twice) = (of(500) - of(400), of(600) - of(400));
            assert_eq!(twice, 2 * once, "{a_loop}");
        }
    }

    #[test]
    fn a_continue_in_front_of_an_operator_stays_an_operand() {
        for (source, lowered) in [
            ("{ continue || x }", "{ (break '__finally_jump_0) || x }"),
            ("{ continue 'a - x }", "{ (break '__finally_jump_0) - x }"),
            ("{ continue ; }", "{ break '__finally_jump_0 ; }"),
            ("{ continue }", "{ break '__finally_jump_0 }"),
            ("{ break || x }", "{ break '__finally_jump_0 || x }"),
        ] {
            let body = syn::parse_str(source).expect("a group");
            assert_eq!(lower(&body).body.to_string(), lowered, "{source}");
        }
    }

    #[test]
    fn a_loop_has_its_body_after_its_head() {
        for (source, is_ours) in [
            ("loop { break }", false),
            ("for x in match y { _ => z } { break }", false),
            ("for x in match y { _ => break } { }", true),
            ("while let Some(X { y }) = z[0] && <[u8]>::f(z) { break }", false),
            ("while x {} break", true),
            ("impl A for B {} break", true),
            ("for a in b + c + d + e + f + g + h + i + j + match k { _ => l } + m { break }", false),
        ] {
            let body = Group::new(Delimiter::Brace, source.parse().expect("tokens"));
            assert_eq!(first(&body).is_some(), is_ours, "{source}");
        }
    }
}
