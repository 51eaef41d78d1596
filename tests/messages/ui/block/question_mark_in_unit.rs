use finally::block::finally;

fn main() {
    finally! {
        try { "5".parse::<u8>()?; }
        finally {}
    }
}
