//! Admission control: limits the long-lived connections, which are WebSockets and subscriptions over HTTP, in total and per
//! client address. A *permit* stands for one connection, from its request until its end.
//!
//! An IPv6 address counts as its /64 prefix, because a household gets a whole prefix.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::request::Parts;
use governor::Quota;
use parking_lot::Mutex;
use service::{
    rate::{self, Rates},
    settings::Limits,
};

use crate::client_address::address_of;

#[derive(Debug, Clone, Copy)]
pub struct AdmissionLimits {
    pub connections: usize,
    pub connections_per_address: usize,
    /// The rate limit for new connections of one address.
    pub quota_per_address: Quota,
    /// How many trusted proxies are in front of the server. Each adds its client's address to `X-Forwarded-For` or `Forwarded`.
    /// With 0 these headers are ignored, because any client can send them.
    pub proxies: usize,
}

impl From<Limits> for AdmissionLimits {
    fn from(limits: Limits) -> Self {
        Self {
            connections: limits.sockets,
            connections_per_address: limits.sockets_per_address,
            quota_per_address: rate::per_second(limits.sockets_per_second_per_address, limits.socket_burst_per_address),
            proxies: limits.trusted_proxies,
        }
    }
}

/// A handle to the counts of open connections.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: AdmissionLimits,
    openings: Rates<IpAddr>,
    state: Mutex<State>,
    admitted: AtomicU64,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    held: usize,
    /// The number of connections per address. Addresses without connections have no entry.
    held_by: HashMap<IpAddr, usize>,
}

/// Why a connection is refused, as a text for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub &'static str);

impl Admission {
    pub fn new(limits: AdmissionLimits) -> Self {
        let openings = Rates::new(limits.quota_per_address);
        let (admitted, refused) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(Shared { limits, openings, state: Mutex::default(), admitted, refused }))
    }

    /// Admits the connection of this request.
    ///
    /// # Errors
    /// When there are too many connections, or the address opens them too fast.
    pub fn admit(&self, request: &Parts) -> Result<Permit, Refused> {
        let address = self.client_of(request);
        let admitted = self.try_admit(address);
        let counter = if admitted.is_ok() { &self.0.admitted } else { &self.0.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        admitted
    }

    fn try_admit(&self, address: IpAddr) -> Result<Permit, Refused> {
        let limits = &self.0.limits;
        let mut state = self.0.state.lock();
        if state.held >= limits.connections {
            return Err(Refused("The server has reached its limit of connections. Try again later."));
        }
        let held = state.held_by.get(&address).copied().unwrap_or_default();
        if held >= limits.connections_per_address {
            return Err(Refused("There are too many connections from this address. Close one and try again."));
        }
        if self.0.openings.take(&address).is_err() {
            return Err(Refused("This address opens connections too fast. Try again later."));
        }
        state.held_by.insert(address, held + 1);
        state.held += 1;
        Ok(Permit { admission: self.clone(), address })
    }

    /// The client address of this request, as limits count it: an IPv6 address is its /64 prefix.
    pub fn client_of(&self, request: &Parts) -> IpAddr {
        group_of(address_of(request, self.0.limits.proxies))
    }

    /// How many connections are open.
    pub fn held(&self) -> usize {
        self.0.state.lock().held
    }

    /// How many connections were admitted since the start.
    pub fn admitted(&self) -> u64 {
        self.0.admitted.load(Ordering::Relaxed)
    }

    /// How many connections were refused since the start.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }
}

/// A permit for one connection. Dropping it removes the connection from the counts.
#[derive(Debug)]
pub struct Permit {
    admission: Admission,
    address: IpAddr,
}

impl Permit {
    /// The client address of the connection.
    pub fn address(&self) -> IpAddr {
        self.address
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.admission.0.state.lock();
        state.held -= 1;
        if let Entry::Occupied(mut held) = state.held_by.entry(self.address) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}

/// The address as limits count it: an IPv6 address is its /64 prefix.
pub fn group_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn connections_are_limited_in_total_and_per_address_until_they_end() {
        let limits = AdmissionLimits {
            connections: 3,
            connections_per_address: 2,
            quota_per_address: rate::per_minute(3),
            proxies: 0,
        };
        let admission = Admission::new(limits);
        let (one, other) = (ip("192.0.2.1"), ip("192.0.2.2"));
        let first = admission.try_admit(one).unwrap();
        let second = admission.try_admit(one).unwrap();
        let too_many = admission.try_admit(one).unwrap_err();
        assert!(too_many.0.contains("from this address"), "{too_many:?}");
        let third = admission.try_admit(other).unwrap();
        let full = admission.try_admit(other).unwrap_err();
        assert!(full.0.contains("reached its limit"), "{full:?}");
        drop((first, second));
        assert_eq!(admission.held(), 1);
        let again = admission.try_admit(one).unwrap();
        drop(again);
        let too_fast = admission.try_admit(one).unwrap_err();
        assert!(too_fast.0.contains("too fast"), "{too_fast:?}");
        drop(third);
        assert_eq!(admission.held(), 0);
        assert!(admission.0.state.lock().held_by.is_empty(), "an address without connections has no entry");
    }

    #[test]
    fn ipv6_address_counts_as_its_prefix() {
        assert_eq!(group_of(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(group_of(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
