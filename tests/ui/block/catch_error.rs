use finally::block::finally;

fn clean() {}

fn main() {
    finally! { try {} catch (error) { drop(error) } finally { clean() } }
}
