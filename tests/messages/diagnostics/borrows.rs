//# used_after_move: E0382
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    drop(list);
    list.len()
}

//# local_used_after_move: E0382
//~ Inside an async block the compiler suggests no `.clone()`.
#[finally]
pub async fn wrong(_kept: u8, name: &str) -> usize {
    let name = name.to_owned();
    let moved = name;
    moved.len() + name.len()
}

//# moved_in_loop: E0382
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>, count: u8) {
    for _ in 0..count {
        drop(list);
    }
}

//# moved_into_closure: E0382
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    let length = move || list.len();
    length() + list.len()
}

//# generic_used_after_move: E0382
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong<T>(_kept: u8, value: T) -> (T, T) {
    (value, value)
}

//# partly_moved: E0382
#[finally]
pub async fn wrong(_kept: u8, pair: (String, String)) -> (String, String) {
    drop(pair.0);
    pair
}

//# borrowed_mutably_twice: E0499
#[finally]
pub async fn wrong(_kept: u8, mut list: Vec<u8>) {
    let one = &mut list;
    let two = &mut list;
    one.push(1);
    two.push(2);
}

//# borrowed_mutably_and_shared: E0502
#[finally]
pub async fn wrong(_kept: u8, mut list: Vec<u8>) {
    let first = &list[0];
    list.push(1);
    drop(*first);
}

//# reborrowed_argument: E0502
#[finally]
pub async fn wrong(_kept: u8, list: &mut Vec<u8>) {
    for each in list.iter() {
        list.push(*each);
    }
}

//# borrowed_self: E0502
pub struct Conn {
    names: Vec<String>,
}

impl Conn {
    fn touch(&mut self) {}

    #[finally]
    pub async fn wrong(&mut self, _kept: u8) {
        for name in &self.names {
            self.touch();
            drop(name.len());
        }
    }
}

//# moved_while_borrowed: E0505
//~ Inside an async block the compiler suggests no `.clone()`.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> u8 {
    let first = &list[0];
    drop(list);
    *first
}

//# assigned_while_borrowed: E0506 unused_assignments
//~ An argument counts as used if a capture mentions it, even in unreachable code or on the left side of `=` only.
#[finally]
pub async fn wrong(_kept: u8, mut number: u8) -> u8 {
    let borrowed = &number;
    number = 1;
    *borrowed
}

//# moved_out_of_reference: E0507
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong(_kept: u8, pair: &(String, u8)) -> String {
    pair.0
}

//# moved_out_of_self: E0507
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
pub struct Conn {
    name: String,
}

impl Conn {
    #[finally]
    pub async fn wrong(&self, _kept: u8) -> String {
        self.name
    }
}

//# lives_too_short: E0597
#[finally]
pub async fn wrong(_kept: u8) -> usize {
    let borrowed;
    {
        let text = String::new();
        borrowed = &text;
    }
    borrowed.len()
}

//# returns_local: E0515
#[finally]
pub async fn wrong(_kept: u8, name: &str) -> &str {
    let text = name.to_owned();
    &text
}

//# returns_argument: E0515
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> &'static [u8] {
    &list
}

//# returns_borrow_of_temporary: E0515
#[finally]
pub async fn wrong(_kept: u8, name: &str) -> &str {
    name.to_owned().as_str()
}

//# temporary_dropped: E0716
//~ The block of the body is inside another block, and the compiler looks for the statement there.
#[finally]
pub async fn wrong(_kept: u8, name: &str) -> usize {
    let text = name.to_owned().as_str();
    text.len()
}

//# closure_outlives: E0597 | E0373
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> Box<dyn Fn() -> u8> {
    Box::new(|| number)
}

//# closure_of_thread_outlives: E0373
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    std::thread::spawn(|| list.len()).join().unwrap()
}

//# assigned_twice: E0384
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    let number = 1;
    drop(number);
    number = 2;
    number
}

//# argument_assigned: E0384
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    drop(number);
    number = 2;
    number
}

//# borrowed_without_mut: E0596
#[finally]
pub async fn wrong(_kept: u8) -> usize {
    let list = Vec::<u8>::new();
    list.push(1);
    list.len()
}

//# argument_borrowed_without_mut: E0596
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    list.push(1);
    list.len()
}

//# changed_behind_reference: E0596
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong(_kept: u8, list: &Vec<u8>) {
    list.push(1);
}

//# changed_behind_self: E0594
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
pub struct Conn {
    open: bool,
}

impl Conn {
    #[finally]
    pub async fn wrong(&self, _kept: u8) {
        self.open = false;
    }
}

//# not_initialized: E0381
#[finally]
pub async fn wrong(_kept: u8, early: bool) -> u8 {
    let number: u8;
    if early {
        number = 1;
    }
    number
}

//# lifetimes_of_another: error
#[finally]
pub async fn wrong<'a, 'b>(_kept: u8, _one: &'a str, two: &'b str) -> &'a str {
    two
}

//# lifetime_of_argument_not_static: error
//~ The opaque type is written, and the compiler suggests another spelling.
#[finally]
pub async fn wrong(_kept: u8, name: &str) -> &'static str {
    name
}

//# lifetime_of_list: error
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong(_kept: u8, list: &mut Vec<&str>, name: &str) {
    list.push(name);
}

//# lifetime_of_self: E0621
pub struct Conn<'a> {
    name: &'a str,
}

impl<'a> Conn<'a> {
    #[finally]
    pub async fn wrong(&mut self, _kept: u8, name: &str) {
        self.name = name;
    }
}

//# argument_escapes: E0521
fn keep(_: &'static str) {}

#[finally]
pub async fn wrong(_kept: u8, name: &str) {
    keep(name);
}

//# generic_not_static: E0310
fn keep<T: 'static>(_: T) {}

#[finally]
pub async fn wrong<T>(_kept: u8, value: T) {
    keep(value);
}
