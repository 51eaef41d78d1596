//! Every mistake is told where it was made, with the way out, and once.
//!
//! The messages are those of one compiler, the one that `rust-toolchain.toml` pins. On another one the test fails, and says
//! so. After a change: `TRYBUILD=overwrite cargo test --test ui --all-features`, and read what came out.

#[test]
fn mistakes_are_told() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/attribute/*.rs");
    cases.compile_fail("tests/ui/cleanup/*.rs");
    cases.compile_fail("tests/ui/body/*.rs");
    // How a message names a method depends on whether streams have one of that name.
    #[cfg(feature = "stream")]
    cases.compile_fail("tests/ui/method/*.rs");
    cases.pass("tests/ui/pass/*.rs");
}
