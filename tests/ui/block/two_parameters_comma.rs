use finally::block::finally;

fn main() {
    drop(finally!(async {}, |fate, other| { drop((fate, other)) }));
}
