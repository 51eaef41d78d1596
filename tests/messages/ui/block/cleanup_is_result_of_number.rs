use finally::block::finally;

fn main() {
    finally! {
        try {}
        finally { Ok::<u8, std::fmt::Error>(5) }
    }
}
