#![deny(unused)]

use finally::block::finally;

fn main() {
    finally! {
        try {}
        finally { let five = 5; }
    }
}
