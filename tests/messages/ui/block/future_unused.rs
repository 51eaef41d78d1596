#![deny(unused_must_use)]

use finally::block::finally;

fn clean() {}

fn main() {
    finally! {
        async { 5 }
        finally { clean() }
    };
}
