fn main() {
    let _guard = finally::guard(1, |value| value + 1);
}
