use finally::block::finally;

fn main() {
    finally! {
        try {}
        finally |fate| { assert!(fate.is_ok()) }
    }
}
