//# tail_of_another_type: E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    "text"
}

//# tail_of_another_type_after_statements: E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    let length = list.len();
    Some(length)
}

//# return_of_another_type: E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong(_kept: u8, early: bool) -> u8 {
    if early {
        return String::new();
    }
    1
}

//# return_without_value: E0069
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong(_kept: u8, early: bool) -> u8 {
    if early {
        return;
    }
    1
}

//# return_with_value_in_unit: E0308
//~ The body has become an async block or a closure, so the compiler does not report the return type of the function around it.
#[finally]
pub async fn wrong(_kept: u8, early: bool) {
    if early {
        return 1;
    }
}

//# value_in_unit: E0308
//~ The body has become an async block or a closure, so the compiler does not report the return type of the function around it.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) {
    list.len()
}

//# value_missing: E0308
//~ A closure has no name, and the compiler reports less about its head than about that of a function.
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
}

//# value_missing_after_semicolon: E0308
//~ A closure has no name, and the compiler reports less about its head than about that of a function.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    list.len();
}

//# value_missing_after_statements: E0308
//~ A closure has no name, and the compiler reports less about its head than about that of a function.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> Result<usize, String> {
    let length = list.len();
    assert!(length > 0);
}

//# value_not_wrapped: E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> Result<usize, String> {
    list.len()
}

//# value_not_wrapped_in_option: E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> Option<usize> {
    let length = list.len();
    length
}

//# value_is_reference: E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong(_kept: u8, name: &str) -> String {
    name
}

//# generic_value: E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong<T>(_kept: u8, _value: T) -> T {
    1
}

//# returned_trait_not_implemented: E0277 E0277 | E0277
//~ A closure has no name, and the compiler reports less about its head than about that of a function.
#[finally]
pub async fn wrong(_kept: u8) -> impl std::fmt::Display {
    vec![1]
}

//# branches_of_different_types: E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong(_kept: u8, early: bool) -> u8 {
    if early { 1 } else { "two" }
}

//# if_without_else: E0317
//~ A closure has no name, and the compiler reports less about its head than about that of a function.
#[finally]
pub async fn wrong(_kept: u8, early: bool) -> u8 {
    if early { 1 }
}

//# arms_of_different_types: E0308
#[finally]
pub async fn wrong(_kept: u8, count: u8) -> u8 {
    match count {
        0 => 1,
        _ => "many",
    }
}

//# loop_without_value: E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> u8 {
    for each in list {
        if each > 1 {
            return each;
        }
    }
}

//# local_of_another_type: E0308
#[finally]
pub async fn wrong(_kept: u8) {
    let _text: String = 1;
}

//# argument_of_another_type: E0308
#[finally]
pub async fn wrong(_kept: u8, name: String) -> usize {
    fn length(text: &str) -> usize {
        text.len()
    }
    length(name)
}

//# arguments_missing: E0061
#[finally]
pub async fn wrong(_kept: u8) -> usize {
    fn length(text: &str, by: usize) -> usize {
        text.len() + by
    }
    length("text")
}

//# question_mark_in_value: E0277
//~ The body has become an async block or a closure, and the compiler calls it that.
#[finally]
pub async fn wrong(_kept: u8, text: &str) -> u8 {
    text.parse::<u8>()?
}

//# question_mark_in_unit: E0277
//~ The body has become an async block or a closure, and the compiler calls it that.
#[finally]
pub async fn wrong(_kept: u8, text: &str) {
    let _number: u8 = text.parse()?;
}

//# question_mark_in_unit_twice: E0277 E0277
//~ The body has become an async block or a closure, and the compiler calls it that.
#[finally]
pub async fn wrong(_kept: u8, text: &str) {
    let _first: u8 = text.parse()?;
    let _second: u8 = text.parse()?;
}

//# question_mark_of_option_in_result: E0277
//~ The body has become an async block or a closure, and the compiler calls it that.
#[finally]
pub async fn wrong(_kept: u8, list: &[u8]) -> Result<u8, String> {
    Ok(*list.first()?)
}

//# question_mark_of_result_in_option: E0277
//~ The body has become an async block or a closure, and the compiler calls it that.
#[finally]
pub async fn wrong(_kept: u8, text: &str) -> Option<u8> {
    Some(text.parse()?)
}

//# question_mark_does_not_convert: E0277
//~ A closure has no name, and the compiler reports less about its head than about that of a function.
pub struct Failure;

#[finally]
pub async fn wrong(_kept: u8, text: &str) -> Result<u8, Failure> {
    Ok(text.parse::<u8>()?)
}

//# question_mark_on_no_result: E0277
#[finally]
pub async fn wrong(_kept: u8, list: &[u8]) -> Result<usize, String> {
    Ok(list.len()?)
}

//# question_mark_in_closure: E0277
#[finally]
pub async fn wrong(_kept: u8, list: Vec<&str>) -> Vec<u8> {
    list.iter().map(|text| text.parse::<u8>()?).collect()
}

//# question_mark_leaves_type_open: E0277
#[finally]
pub async fn wrong(_kept: u8, text: &str) -> Result<(), std::num::ParseIntError> {
    let number = text.parse()?;
    Ok(())
}

//# type_of_local_open: E0282
#[finally]
pub async fn wrong(_kept: u8) {
    let list = Vec::new();
}

//# type_of_collection_open: E0282
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    list.into_iter().collect().len()
}

//# type_of_error_open: E0282
#[finally]
pub async fn wrong(_kept: u8) {
    let result = Ok(1);
    drop(result);
}

//# bound_of_function_not_met: E0277
fn show<T: std::fmt::Display>(_: T) {}

pub struct Plain;

#[finally]
pub async fn wrong(_kept: u8) {
    show(Plain);
}

//# bound_of_parameter_missing: E0277
fn show<T: std::fmt::Display>(_: &T) {}

#[finally]
pub async fn wrong<T>(_kept: u8, value: T) {
    show(&value);
}

//# bound_of_method_missing: E0599
#[finally]
pub async fn wrong<T>(_kept: u8, value: &T) -> T {
    value.clone_it()
}

//# operator_missing: E0369
#[finally]
pub async fn wrong<T>(_kept: u8, one: T, two: T) -> T {
    one + two
}

//# comparison_of_different_types: E0308
#[finally]
pub async fn wrong(_kept: u8, one: u8, two: u16) -> bool {
    one == two
}

//# index_of_another_type: E0277
pub struct List([u8; 4]);

impl std::ops::Index<usize> for List {
    type Output = u8;

    fn index(&self, at: usize) -> &u8 {
        &self.0[at]
    }
}

impl std::ops::Index<char> for List {
    type Output = u8;

    fn index(&self, at: char) -> &u8 {
        &self.0[at as usize]
    }
}

#[finally]
pub async fn wrong(_kept: u8, list: List, at: u32) -> u8 {
    list[at]
}

//# arm_missing: E0004
pub enum State {
    Open,
    Closed,
}

#[finally]
pub async fn wrong(_kept: u8, state: State) -> u8 {
    match state {
        State::Open => 1,
    }
}

//# pattern_may_not_match: E0005
#[finally]
pub async fn wrong(_kept: u8, number: Option<u8>) -> u8 {
    let Some(number) = number;
    number
}

//# pattern_of_another_type: E0308
#[finally]
pub async fn wrong(_kept: u8, number: Option<u8>) -> u8 {
    match number {
        Ok(number) => number,
        _ => 0,
    }
}

//# pattern_of_argument_may_not_match: E0005
//~ The parts of an argument are bound in the body, so that they are dropped in the order of a plain function.
#[finally]
pub async fn wrong(_kept: u8, Some(number): Option<u8>) -> u8 {
    number
}

//# never_returns: E0308
//~ The type `!` cannot be written, so the async block has another type without values.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> ! {
    drop(list);
}

//# never_returns_value: E0308
//~ The type `!` cannot be written, so the async block has another type without values.
#[finally]
pub async fn wrong(_kept: u8) -> ! {
    1
}

//# unsized_local: E0277
#[finally]
pub async fn wrong(_kept: u8, text: &str) {
    let _text = *text;
}

//# unsized_argument: E0277 E0277 | E0277
#[finally]
pub async fn wrong(_kept: u8, _text: str) {}

//# unsized_value: E0277
#[finally]
pub async fn wrong(_kept: u8) -> [u8] {
    todo!()
}

//# trait_object_returned: E0746
#[finally]
pub async fn wrong(_kept: u8) -> dyn std::fmt::Display {
    1
}

//# unsafe_call: E0133
unsafe fn risk() {}

#[finally]
pub async fn wrong(_kept: u8) {
    risk();
}

//# cast_that_cannot_be: E0606
#[finally]
pub async fn wrong(_kept: u8, number: &u8) -> u32 {
    number as u32
}

//# call_of_value: E0618
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    number()
}

//# closure_of_another_type: E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> Vec<u16> {
    list.into_iter().map(|each| each).collect::<Vec<u8>>()
}

//# break_outside_of_loop: E0267 | E0268
//~ The body has become an async block or a closure, and the compiler calls it that.
#[finally]
pub async fn wrong(_kept: u8) {
    break;
}
