use finally::block::finally;

fn main() {
    drop(finally! {
        async {}
        finally { 5 }
    });
}
