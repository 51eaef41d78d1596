//! Sets a name for the edition in the tests that all three packages share.

fn main() {
    println!("cargo::rustc-cfg=edition_2024");
}
