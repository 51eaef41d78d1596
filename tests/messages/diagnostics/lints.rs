//# unused_argument: unused_variables
#[finally]
pub async fn wrong(_kept: u8, number: u8) {}

//# unused_argument_of_three: unused_variables
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>, number: u8, text: &str) -> usize {
    list.len() + text.len()
}

//# unused_part_of_argument: unused_variables
#[finally]
pub async fn wrong(_kept: u8, (one, two): (u8, u8)) -> u8 {
    one
}

//# unused_argument_of_method: unused_variables
pub struct Conn;

impl Conn {
    #[finally]
    pub async fn wrong(&mut self, _kept: u8, number: u8) {}
}

//# unused_local: unused_variables
#[finally]
pub async fn wrong(_kept: u8) {
    let number = 1;
}

//# unused_mut: unused_mut
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    let mut number = 1;
    number
}

//# unused_mut_of_argument: unused_mut
#[finally]
pub async fn wrong(_kept: u8, mut list: Vec<u8>) -> usize {
    list.len()
}

//# unused_mut_of_part: unused_mut
#[finally]
pub async fn wrong(_kept: u8, (mut one, two): (u8, u8)) -> u8 {
    one + two
}

//# unused_assignment: unused_assignments
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    let mut number = 1;
    number = 2;
    number
}

//# unused_assignment_of_argument: unused_assignments
//~ An argument counts as used if a capture mentions it, even in unreachable code or on the left side of `=` only.
#[finally]
pub async fn wrong(_kept: u8, mut number: u8) -> u8 {
    number = 2;
    number
}

//# argument_assigned_and_not_read: unused_variables unused_assignments
//~ An argument counts as used if a capture mentions it, even in unreachable code or on the left side of `=` only.
#[finally]
pub async fn wrong(_kept: u8, mut number: u8) {
    number = 2;
}

//# unused_result: unused_must_use
fn fallible() -> Result<(), String> {
    Ok(())
}

#[finally]
pub async fn wrong(_kept: u8) {
    fallible();
}

//# unused_must_use: unused_must_use
#[must_use = "it is dear"]
fn dear() -> u8 {
    1
}

#[finally]
pub async fn wrong(_kept: u8) {
    dear();
}

//# unused_comparison: unused_must_use
#[finally]
pub async fn wrong(_kept: u8, number: u8) {
    number == 1;
}

//# unused_parentheses: unused_parens
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    if (number > 1) { 1 } else { 2 }
}

//# unused_braces: unused_braces
#[finally]
pub async fn wrong(_kept: u8, early: bool) -> u8 {
    if { early } { 1 } else { 2 }
}

//# unused_import: unused_imports
#[finally]
pub async fn wrong(_kept: u8) {
    use std::fmt::Debug;
}

//# unused_label: unused_labels dropping_copy_types
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) {
    'outer: for each in list {
        drop(each);
    }
}

//# unused_unsafe: unused_unsafe
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    unsafe { number + 1 }
}

//# unused_doc_comment: unused_doc_comments
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) {
    /// Says something.
    drop(list);
}

//# unused_macro: unused_macros
#[finally]
pub async fn wrong(_kept: u8) {
    macro_rules! nothing {
        () => {};
    }
}

//# unused_value: unused_must_use path_statements
#[finally]
pub async fn wrong(_kept: u8, number: u8) {
    number + 1;
    number;
}

//# dead_function: dead_code
#[finally]
async fn wrong(_kept: u8) {}

//# dead_method: dead_code
pub struct Conn;

impl Conn {
    #[finally]
    async fn wrong(&self, _kept: u8) {}
}

//# dead_inside: dead_code
#[finally]
pub async fn wrong(_kept: u8) {
    fn inner() {}
}

//# dead_struct_inside: dead_code
#[finally]
pub async fn wrong(_kept: u8) {
    struct Inner {
        _field: u8,
    }
}

//# unreachable_after_return: unreachable_code
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    return list.len();
    drop(list);
}

//# unreachable_after_return_of_nothing: unreachable_code unused_variables
//~ An argument counts as used if a capture mentions it, even in unreachable code or on the left side of `=` only.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) {
    return;
    drop(list);
}

//# unreachable_after_panic: unreachable_code
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    panic!("out");
    1
}

//# unreachable_after_loop: unreachable_code unused_variables
//~ An argument counts as used if a capture mentions it, even in unreachable code or on the left side of `=` only.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) {
    loop {}
    drop(list);
}

//# unreachable_in_call: unreachable_code dropping_copy_types
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    drop(return 1);
}

//# unreachable_in_never: unreachable_code unused_variables
//~ An argument counts as used if a capture mentions it, even in unreachable code or on the left side of `=` only.
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> ! {
    panic!("out");
    drop(list);
}

//# unreachable_arm: unreachable_patterns
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    match number {
        _ => 1,
        0 => 2,
    }
}

//# deprecated: deprecated
#[deprecated = "use another"]
fn old() {}

#[finally]
pub async fn wrong(_kept: u8) {
    old();
}

//# deprecated_type_in_signature: deprecated
#[deprecated = "use another"]
pub struct Old;

#[finally]
pub async fn wrong(_kept: u8, _old: Old) {}

//# deprecated_type_returned: deprecated
#[deprecated = "use another"]
pub struct Old;

#[finally]
pub async fn wrong(_kept: u8) -> Option<Old> {
    None
}

//# variable_of_bad_style: non_snake_case
#[finally]
pub async fn wrong(_kept: u8, someNumber: u8) -> u8 {
    someNumber
}

//# function_of_bad_style: non_snake_case
#[finally]
pub async fn wrongName(_kept: u8) {}

//# local_of_bad_style: non_snake_case
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    let someNumber = number;
    someNumber
}

//# overflow: overflowing_literals
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    256
}

//# comparison_is_useless: unused_comparisons
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> bool {
    number >= 0
}

//# lock_not_kept: let_underscore_lock
#[finally]
pub async fn wrong(_kept: u8, lock: &std::sync::Mutex<u8>) {
    let _ = lock.lock();
}

//# drop_of_reference: dropping_references
#[finally]
pub async fn wrong(_kept: u8, list: &Vec<u8>) {
    drop(list);
}

//# endless: while_true
#[finally]
pub async fn wrong(_kept: u8) {
    while true {}
}

//# expectation_unfulfilled: unfulfilled_lint_expectations
#[expect(unused_variables)]
#[finally]
pub async fn wrong(_kept: u8) {}

//# expectation_unfulfilled_inside: unfulfilled_lint_expectations
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    #[expect(unused_variables)]
    let doubled = number * 2;
    doubled
}

//# lint_unknown: unknown_lints
#[allow(no_such_lint)]
#[finally]
pub async fn wrong(_kept: u8) {}

//# private_type_in_signature: private_interfaces
struct Hidden;

#[finally]
pub async fn wrong(_kept: u8, _value: Hidden) {}

//# documentation_missing: missing_docs
#![warn(missing_docs)]
//! It has documentation.

#[finally]
pub async fn wrong(_kept: u8) {}

//# lifetime_elided_in_path: E0726 | elided_lifetimes_in_paths
//~ The function is not async, and this is an error in async functions only.
#![warn(elided_lifetimes_in_paths)]
pub struct Conn<'a>(pub &'a str);

#[finally]
pub async fn wrong(_kept: u8, conn: Conn) -> usize {
    conn.0.len()
}

//# lifetime_used_once: single_use_lifetimes
#![warn(single_use_lifetimes)]
#[finally]
pub async fn wrong<'a>(_kept: u8, name: &'a str) -> usize {
    name.len()
}

//# lifetime_unused: unused_lifetimes
#![warn(unused_lifetimes)]
#[finally]
pub async fn wrong<'a>(_kept: u8) {}

//# qualification_unused: unused_qualifications
#![warn(unused_qualifications)]
use std::fmt::Debug;

#[finally]
pub async fn wrong(_kept: u8, value: impl std::fmt::Debug) {
    drop::<Option<Box<dyn Debug>>>(None);
    drop(value);
}

//# result_not_used: unused_results
#![warn(unused_results)]
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) {
    list.len();
}

//# cast_is_trivial: trivial_numeric_casts
#![warn(trivial_numeric_casts)]
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    number as u8
}

//# two_warnings: unused_variables unused_must_use
fn fallible() -> Result<(), String> {
    Ok(())
}

#[finally]
pub async fn wrong(_kept: u8) {
    let number = 1;
    fallible();
}
