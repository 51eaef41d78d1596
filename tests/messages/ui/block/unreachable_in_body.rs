#![deny(unused)]

use finally::block::finally;

fn clean() {}

fn main() {
    finally! {
        try {
            return;
            clean();
        }
        finally {}
    }
}
