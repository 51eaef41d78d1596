//# needless_return: clippy::needless_return
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    return 1;
}

//# let_and_return: clippy::let_and_return
#[finally]
pub async fn wrong(_kept: u8) -> usize {
    let length = "list".len();
    length
}

//# unused_unit: clippy::unused_unit
#[finally]
pub async fn wrong(_kept: u8) {
    drop(String::new());
    ()
}

//# clone_on_copy: clippy::clone_on_copy
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    number.clone()
}

//# redundant_clone: clippy::redundant_clone
#[finally]
pub async fn wrong(_kept: u8) -> String {
    let text = String::from("text");
    text.clone()
}

//# len_zero: clippy::len_zero
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> bool {
    list.len() == 0
}

//# bool_comparison: clippy::bool_comparison
#[finally]
pub async fn wrong(_kept: u8, is_open: bool) -> u8 {
    if is_open == true { 1 } else { 2 }
}

//# needless_borrow: clippy::needless_borrow
#[finally]
pub async fn wrong(_kept: u8, text: &str) -> usize {
    fn length(text: &str) -> usize {
        text.len()
    }
    length(&text)
}

//# single_match: clippy::single_match
#[finally]
pub async fn wrong(_kept: u8, number: Option<u8>) {
    match number {
        Some(number) => drop(vec![number]),
        _ => (),
    }
}

//# collapsible_if: clippy::collapsible_if
#[finally]
pub async fn wrong(_kept: u8, one: bool, two: bool) {
    if one {
        if two {
            drop(String::new());
        }
    }
}

//# needless_range_loop: clippy::needless_range_loop
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) {
    for index in 0..list.len() {
        drop(vec![list[index]]);
    }
}

//# question_mark: clippy::question_mark
#[finally]
pub async fn wrong(_kept: u8, number: Option<u8>) -> Option<u8> {
    let Some(number) = number else { return None };
    Some(number + 1)
}

//# needless_question_mark: clippy::needless_question_mark
#[finally]
pub async fn wrong(_kept: u8, number: Option<u8>) -> Option<u8> {
    Some(number?)
}

//# redundant_closure: clippy::redundant_closure
#[finally]
pub async fn wrong(_kept: u8, texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(|text| String::from(text)).collect()
}

//# manual_map: clippy::manual_map
#[finally]
pub async fn wrong(_kept: u8, number: Option<u8>) -> Option<u16> {
    match number {
        Some(number) => Some(u16::from(number)),
        None => None,
    }
}

//# unnecessary_cast: clippy::unnecessary_cast
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    number as u8
}

//# eq_op: clippy::eq_op
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> bool {
    number == number
}

//# never_loop: clippy::never_loop
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    loop {
        return 1;
    }
}

//# redundant_pattern_matching: clippy::redundant_pattern_matching
#[finally]
pub async fn wrong(_kept: u8, number: Option<u8>) -> u8 {
    if let Some(_) = number { 1 } else { 2 }
}

//# await_holding_lock (async): clippy::await_holding_lock
#[finally]
pub async fn wrong(_kept: u8, lock: &std::sync::Mutex<u8>) -> u8 {
    let locked = lock.lock().unwrap();
    std::future::ready(1).await + *locked
}

//# let_underscore_future (async): clippy::let_underscore_future
#[finally]
pub async fn wrong(_kept: u8) {
    let _ = std::future::ready(1);
}

//# ptr_arg: clippy::ptr_arg
//~ Clippy reports nothing about the head of a function whose block comes from a macro.
#[finally]
pub async fn wrong(_kept: u8, list: &Vec<u8>) -> usize {
    list.len()
}

//# too_many_arguments: clippy::too_many_arguments
#[finally]
pub async fn wrong(_kept: u8, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8) -> u8 {
    a + b + c + d + e + f + g
}

//# type_complexity: clippy::type_complexity
#[finally]
pub async fn wrong(_kept: u8, list: Vec<Vec<Box<dyn Fn(Vec<u8>, Vec<u8>) -> Box<(u8, Vec<Vec<u8>>)>>>>) -> usize {
    list.len()
}

//# needless_lifetimes: clippy::needless_lifetimes
//~ Clippy reports nothing about the head of a function whose block comes from a macro.
#[finally]
pub async fn wrong<'a>(_kept: u8, text: &'a str) -> &'a str {
    text
}

//# needless_pass_by_value (fn): clippy::needless_pass_by_value
//~ Clippy looks at the generated body, which also calls the cleanup.
#[finally]
async fn wrong(_kept: u8, text: String) -> usize {
    text.len()
}

pub fn uses() {
    let _ = wrong(1, String::new());
}

//# unnecessary_wraps (fn): clippy::unnecessary_wraps
//~ Clippy looks at the generated body, which also calls the cleanup.
#[finally]
async fn wrong(_kept: u8) -> Option<u8> {
    Some(1)
}

pub fn uses() {
    let _ = wrong(1);
}

//# missing_errors_doc: clippy::missing_errors_doc
//~ The body of the function is not the future that clippy looks at.
#[finally]
pub async fn wrong(_kept: u8) -> Result<u8, String> {
    Ok(1)
}

//# missing_panics_doc: clippy::missing_panics_doc
#[finally]
pub async fn wrong(_kept: u8, number: Option<u8>) -> u8 {
    number.unwrap()
}

//# unwrap_used: clippy::unwrap_used
#[finally]
pub async fn wrong(_kept: u8, number: Option<u8>) -> u8 {
    number.unwrap()
}

//# panic: clippy::panic
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    if number == 1 {
        panic!("one");
    }
    2
}

//# todo: clippy::todo
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    todo!()
}

//# print_stdout: clippy::print_stdout
#[finally]
pub async fn wrong(_kept: u8, number: u8) {
    println!("{number}");
}

//# uninlined_format_args: clippy::uninlined_format_args
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> String {
    format!("{}", number)
}

//# shadow_reuse: clippy::shadow_reuse
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    let number = number + 1;
    number.pow(2)
}
