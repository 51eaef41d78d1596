use finally::block;

fn main() {
    block::finally! {
        try { println!("body") }
        finally (fate) { println!("{fate:?}") }
    }
}
