//! Time zone data: Python reads the same data to the same offsets, and processes take newer data while they run.

mod live;
mod oracle;
