use finally::block::finally;

fn clean() {}

fn work() {
    finally! {
        try { 5 }
        finally { clean() }
    }
}

fn main() {
    work();
}
