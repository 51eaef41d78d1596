//! Checks that `docs/promise-cases.md` names the test file of each case.

use std::{collections::BTreeSet, fs, path::Path};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The numbers of `1, 3–5`.
fn numbers(cases: &str) -> BTreeSet<u32> {
    let number = |text: &str| text.trim().parse::<u32>().unwrap();
    let parts = cases.split(',').map(|part| part.split_once('–').unwrap_or((part, part)));
    parts.flat_map(|(first, last)| number(first)..=number(last)).collect()
}

/// The numbers in the names of a file's tests, such as `case_10_and_11_no_handler` and `cases_18_to_23_with_the_attribute`.
fn tested(file: &str) -> BTreeSet<u32> {
    let source = read(&format!("tests/promise_cases/{file}"));
    let mut found = BTreeSet::new();
    for name in source.split("fn case").skip(1) {
        let mut last = 0;
        let mut is_range = false;
        for word in name.split(['_', '(']).skip(1) {
            match (word, word.parse::<u32>()) {
                (_, Ok(number)) => {
                    found.extend(if is_range { last..=number } else { number..=number });
                    (last, is_range) = (number, false);
                }
                ("to", _) => is_range = true,
                ("and", _) => {}
                _ => break,
            }
        }
    }
    found
}

#[test]
fn each_case_is_in_the_table_once_and_tested_where_the_table_says() {
    let mut seen = BTreeSet::new();
    let document = read("docs/promise-cases.md");
    for row in document.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let [cases, .., files] = &row.trim_matches('|').split('|').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        let cases = numbers(cases);
        assert!(cases.iter().all(|case| seen.insert(*case)), "twice: {row}");
        let places: Vec<_> = files.split('`').filter(|place| place.contains(['.', '/'])).collect();
        if let [folder] = places[..] {
            if folder == "tests/messages/ui/method/" {
                continue;
            }
        }
        let tested: BTreeSet<_> =
            places.iter().filter(|place| place.ends_with(".rs")).flat_map(|file| tested(file)).collect();
        let missing: Vec<_> = cases.difference(&tested).collect();
        assert!(places.is_empty() || missing.is_empty(), "no test of {missing:?}: {row}");
    }
    assert_eq!(seen, (1..=48).chain(115..=126).collect());
}
