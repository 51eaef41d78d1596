use finally::block::finally;

fn clean() {}

fn main() {
    finally! {
        try { 5 }
        finally { clean() clean() }
    };
}
