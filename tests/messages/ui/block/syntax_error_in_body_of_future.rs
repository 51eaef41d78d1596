use finally::block::finally;

fn clean() {}

fn main() {
    drop(finally! {
        async { let = 5; }
        finally { clean() }
    });
}
