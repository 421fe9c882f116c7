//! How many connections that stay open there may be, in all and from one address: WebSockets, and subscriptions over
//! HTTP. A *permit* stands for one of them, from its request until its end.
//!
//! An IPv6 address stands for its /64: that much a household gets.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{extract::ConnectInfo, http::request::Parts};
use governor::Quota;
use graphql::rate::{self, Rates};
use parking_lot::Mutex;
use service::config::Limits;

#[derive(Debug, Clone, Copy)]
pub struct AdmissionLimits {
    pub connections: usize,
    pub connections_per_address: usize,
    /// How often one address may open one.
    pub quota_per_address: Quota,
    /// How many proxies stand before the server, each of which adds to `X-Forwarded-For` who asked it. With 0 the
    /// header, which anybody can send, says nothing.
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

/// A handle to the list of those who are connected.
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
    /// How many each address has that has any.
    held_by: HashMap<IpAddr, usize>,
}

/// Why not, for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub &'static str);

impl Admission {
    pub fn new(limits: AdmissionLimits) -> Self {
        let openings = Rates::new(limits.quota_per_address);
        let (admitted, refused) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(Shared { limits, openings, state: Mutex::default(), admitted, refused }))
    }

    /// One more connection, of whoever sent this request.
    ///
    /// # Errors
    /// When there are too many, or they come too fast.
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
            return Err(Refused("The server has as many connections as it takes: try again later."));
        }
        let held = state.held_by.get(&address).copied().unwrap_or_default();
        if held >= limits.connections_per_address {
            return Err(Refused("There are too many connections from this address."));
        }
        if self.0.openings.take(&address).is_err() {
            return Err(Refused("This address opens connections too fast: try again later."));
        }
        state.held_by.insert(address, held + 1);
        state.held += 1;
        Ok(Permit { admission: self.clone(), address })
    }

    /// Who sent this request, as far as limits go.
    pub fn client_of(&self, request: &Parts) -> IpAddr {
        group_of(address_of(request, self.0.limits.proxies))
    }

    /// How many there are.
    pub fn held(&self) -> usize {
        self.0.state.lock().held
    }

    /// How many were admitted, ever.
    pub fn admitted(&self) -> u64 {
        self.0.admitted.load(Ordering::Relaxed)
    }

    /// How many were refused, ever.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }
}

/// Stands for a connection, until it is dropped.
#[derive(Debug)]
pub struct Permit {
    admission: Admission,
    address: IpAddr,
}

impl Permit {
    /// Whose it is.
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

/// Who sent a request, behind so many proxies. A chain that is shorter than that did not come through them: then it is
/// whoever is at the other end.
fn address_of(request: &Parts, proxies: usize) -> IpAddr {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let Some(steps) = proxies.checked_sub(1) else { return peer };
    let forwarded = request.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let chain: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    chain.iter().rev().nth(steps).and_then(|text| text.parse().ok()).unwrap_or(peer)
}

fn group_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn connections_are_counted_in_all_and_by_address_until_they_end() {
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
        assert!(full.0.contains("as it takes"), "{full:?}");
        drop((first, second));
        assert_eq!(admission.held(), 1);
        let again = admission.try_admit(one).unwrap();
        drop(again);
        let too_fast = admission.try_admit(one).unwrap_err();
        assert!(too_fast.0.contains("too fast"), "{too_fast:?}");
        drop(third);
        assert_eq!(admission.held(), 0);
        assert!(admission.0.state.lock().held_by.is_empty(), "who has none is forgotten");
    }

    #[test]
    fn behind_proxies_it_is_whom_the_outermost_saw() {
        let request = |forwarded: &[&str]| {
            let mut request = Request::new(());
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 1234))));
            for value in forwarded {
                request.headers_mut().append("x-forwarded-for", value.parse().unwrap());
            }
            request.into_parts().0
        };
        let forged = request(&["203.0.113.9, 198.51.100.7", "10.0.0.2"]);
        assert_eq!(address_of(&forged, 0), ip("10.0.0.1"));
        assert_eq!(address_of(&forged, 1), ip("10.0.0.2"));
        assert_eq!(address_of(&forged, 2), ip("198.51.100.7"));
        assert_eq!(address_of(&forged, 4), ip("10.0.0.1"));
        assert_eq!(address_of(&request(&["nonsense"]), 1), ip("10.0.0.1"));
        assert_eq!(group_of(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(group_of(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
