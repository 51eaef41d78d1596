use finally::block::finally;

fn main() {
    finally! {
        try { 5 }
        finally |fate| { assert!(fate.error().is_none()) }
    };
}
