//! Random numbers. `INSESSION_SEED` repeats those of an earlier run.

use std::sync::atomic::{AtomicU64, Ordering};

pub struct Random(AtomicU64);

impl Random {
    pub fn seeded() -> Self {
        let given = std::env::var("INSESSION_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| insession_tests::now().timestamp_micros().unsigned_abs());
        println!("INSESSION_SEED={seed}");
        Self(AtomicU64::new(seed))
    }

    pub fn another(&self) -> Self {
        Self(AtomicU64::new(self.next()))
    }

    /// SplitMix64.
    fn next(&self) -> u64 {
        let state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn one_of<'a, T: AsRef<str>>(&self, all: &'a [T]) -> &'a str {
        all[usize::try_from(self.below(all.len() as u64)).unwrap_or(0)].as_ref()
    }
}
