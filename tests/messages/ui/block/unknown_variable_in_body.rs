use finally::block::finally;

fn clean() {}

fn main() {
    finally! {
        try { drop(missing) }
        finally { clean() }
    }
}
