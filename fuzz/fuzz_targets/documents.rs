#![no_main]

use insession_checks::documents::check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check(bytes));
