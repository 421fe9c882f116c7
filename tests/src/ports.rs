//! Free ports.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
    sync::{LazyLock, Mutex},
};

use anyhow::{Result, bail};

/// Below the range that systems give to outgoing connections (from 32768 on Linux): a port stays free while its server
/// is stopped and until it is started again.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port of 127.0.0.1 that nobody listens on and that this process was not given before. Another process may still
/// take it before it is used: whoever starts a server tries again then.
pub fn free_port() -> Result<u16> {
    static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);
    let mut given = GIVEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let random = RandomState::new();
    for attempt in 0..1_000_u32 {
        let offset = u16::try_from(random.hash_one(attempt) % u64::from(COUNT))?;
        let port = FIRST + offset;
        if !given.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            given.insert(port);
            return Ok(port);
        }
    }
    bail!("no free port between {FIRST} and {}", FIRST + COUNT)
}
