use finally::block::finally;

fn main() {
    finally! {
        try {}
        finally { async {} }
    }
}
