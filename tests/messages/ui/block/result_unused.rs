#![deny(unused_must_use)]

use finally::block::finally;

fn clean() {}

fn main() {
    finally! {
        try { "5".parse::<u8>() }
        finally { clean() }
    };
}
