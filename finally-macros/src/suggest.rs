//! "did you mean": finds the known word that is closest to a given one.

/// Returns the closest known word, if it is close enough.
pub(crate) fn closest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    const CLOSE_ENOUGH: f64 = 0.6;

    known
        .iter()
        .map(|word| (strsim::normalized_damerau_levenshtein(written, word), *word))
        .filter(|(closeness, _)| *closeness >= CLOSE_ENOUGH)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, word)| word)
}

/// Lists all known words.
pub(crate) fn one_of(known: &[&str]) -> String {
    format!("it is one of `{}`", known.join("`, `"))
}

/// Suggests the closest word, or lists all of them.
pub(crate) fn instead_of(written: &str, known: &[&str]) -> String {
    match closest(written, known) {
        Some(word) => format!("did you mean `{word}`?"),
        None => one_of(known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["on_cancel", "crate"];

    #[test]
    fn a_slip_of_the_pen_finds_its_word() {
        assert_eq!(closest("on_cancl", KNOWN), Some("on_cancel"));
        assert_eq!(closest("onCancel", KNOWN), Some("on_cancel"));
        assert_eq!(closest("krate", KNOWN), Some("crate"));
    }

    #[test]
    fn a_word_from_elsewhere_finds_none() {
        assert_eq!(closest("timeout", KNOWN), None);
        assert_eq!(instead_of("timeout", KNOWN), "it is one of `on_cancel`, `crate`");
    }
}
