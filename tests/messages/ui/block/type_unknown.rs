use finally::block::finally;

fn main() {
    finally! { <Missing> try { 5 } finally {} };
}
