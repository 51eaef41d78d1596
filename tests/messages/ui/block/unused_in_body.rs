#![deny(unused)]

use finally::block::finally;

fn clean() {}

fn main() {
    finally! {
        try { let five = 5; }
        finally { clean() }
    }
}
