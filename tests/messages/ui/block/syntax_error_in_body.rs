use finally::block::finally;

fn clean() {}

fn main() {
    finally! {
        try { let 5 = ; }
        finally { clean() }
    }
}
