use finally::block::finally;

fn main() {
    drop(finally! {
        async { "5".parse::<u8>()?; }
        finally {}
    });
}
