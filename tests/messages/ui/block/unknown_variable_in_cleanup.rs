use finally::block::finally;

fn main() {
    finally! {
        try { 5 }
        finally { drop(missing) }
    };
}
