//! Time zone data. Python computes the same offsets from the same data, and processes load newer data while they run.

mod live;
mod oracle;
