#![no_main]

use insession_checks::recurrence::check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check(bytes));
