//! "did you mean": finds the known word that is closest to a given one.

/// Returns the closest known word, if it is close enough: at most two letters in five differ.
pub(crate) fn closest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|word| (distance(written, word), written.chars().count().max(word.chars().count()), *word))
        .filter(|(distance, length, _)| 5 * distance <= 2 * length)
        // The fractions are compared without a division.
        .reduce(|best, other| if other.0 * best.1 <= best.0 * other.1 { other } else { best })
        .map(|(_, _, word)| word)
}

/// Returns how many letters have to be inserted, removed or replaced to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    // The distances from the letters of `one` up to here to each beginning of `other`.
    let mut row: Vec<_> = (0..=other.chars().count()).collect();
    for (index, letter) in one.chars().enumerate() {
        let (mut without_both, mut last) = (index, index + 1);
        let mut distances = row.iter_mut();
        if let Some(to_nothing) = distances.next() {
            *to_nothing = last;
        }
        for (distance, other) in distances.zip(other.chars()) {
            let replaced = without_both + usize::from(letter != other);
            without_both = *distance;
            last = replaced.min(last + 1).min(*distance + 1);
            *distance = last;
        }
    }
    row.last().copied().unwrap_or_default()
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
    fn the_distance_counts_letters() {
        assert_eq!(distance("", "crate"), 5);
        assert_eq!(distance("crate", ""), 5);
        assert_eq!(distance("crate", "crate"), 0);
        assert_eq!(distance("krate", "crates"), 2);
        assert_eq!(distance("carte", "crate"), 2);
        assert_eq!(distance("über", "aber"), 1);
    }

    #[test]
    fn of_two_words_the_closest_is_found() {
        assert_eq!(closest("create", &["created", "crate"]), Some("created"));
        assert_eq!(closest("crat", &["created", "crate", "cr"]), Some("crate"));
    }

    #[test]
    fn a_word_from_elsewhere_finds_none() {
        assert_eq!(closest("timeout", KNOWN), None);
        assert_eq!(instead_of("timeout", KNOWN), "it is one of `on_cancel`, `crate`");
    }
}
