use finally::block::finally;

fn clean() {}

fn main() {
    drop(finally! { finally { clean() } async {} });
}
