use finally::block::finally;

fn main() {
    finally! { <5> try { 5 } finally {} };
}
