//! The documents of open subscriptions: how much memory they take, and which address pays for their messages.
//!
//! Subscriptions that ask the same share one *document*: its memory is needed once, and each message is made once.
//! Each socket and each address counts the bytes of a document once, however many of its subscriptions hold it. For each
//! message, one of the addresses that hold the document pays, whichever can. So nobody can delay a document that others
//! subscribe to as well.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use domain::access::Viewer;
use graphql::budget::Budgets;
use parking_lot::Mutex;
use service::settings::Limits;

use crate::admission::Refused;

/// The hash of a document with everything else that its messages depend on.
pub type DocumentKey = [u8; 32];

/// The limits on the size of the held documents, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct DocumentLimits {
    pub bytes_per_socket: usize,
    pub bytes_per_address: usize,
}

impl From<Limits> for DocumentLimits {
    fn from(limits: Limits) -> Self {
        Self {
            bytes_per_socket: limits.subscription_bytes_per_socket,
            bytes_per_address: limits.subscription_bytes_per_address,
        }
    }
}

/// A holder of documents. A limit applies to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Address(IpAddr),
    /// A socket, by its number.
    Socket(u64),
}

/// How many addresses at most are tried as payers of one message.
const MAX_CHARGED_ADDRESSES: usize = 8;

/// A handle to the documents of one server.
#[derive(Clone)]
pub struct Documents(Arc<Shared>);

struct Shared {
    budgets: Arc<Budgets>,
    limits: DocumentLimits,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// The bytes per holder. Holders without documents have no entry.
    bytes: HashMap<Holder, usize>,
    /// The share of each holder in each document.
    holders: HashMap<DocumentKey, HashMap<Holder, Share>>,
}

/// One holder's share in one document.
#[derive(Default)]
struct Share {
    subscriptions: usize,
    /// The size of the largest of these subscriptions. Subscriptions of one document may differ in size, because they may name
    /// different sessions.
    bytes: usize,
}

impl Held {
    /// By how many bytes this subscription increases the holder's total.
    fn more_with(&self, holder: Holder, key: &DocumentKey, bytes: usize) -> usize {
        let share = self.holders.get(key).and_then(|holders| holders.get(&holder));
        bytes.saturating_sub(share.map_or(0, |share| share.bytes))
    }

    /// The holder's total with this subscription.
    fn bytes_with(&self, holder: Holder, key: &DocumentKey, bytes: usize) -> usize {
        self.bytes.get(&holder).copied().unwrap_or_default() + self.more_with(holder, key, bytes)
    }

    fn hold(&mut self, holder: Holder, key: DocumentKey, bytes: usize) {
        let more = self.more_with(holder, &key, bytes);
        *self.bytes.entry(holder).or_default() += more;
        let share = self.holders.entry(key).or_default().entry(holder).or_default();
        share.subscriptions += 1;
        share.bytes += more;
    }

    fn release(&mut self, holder: Holder, key: DocumentKey) {
        let Entry::Occupied(mut holders) = self.holders.entry(key) else { return };
        let Entry::Occupied(mut share) = holders.get_mut().entry(holder) else { return };
        share.get_mut().subscriptions -= 1;
        if share.get().subscriptions > 0 {
            return;
        }
        let Share { bytes, .. } = share.remove();
        if holders.get().is_empty() {
            holders.remove();
        }
        if let Entry::Occupied(mut all) = self.bytes.entry(holder) {
            *all.get_mut() -= bytes;
            if *all.get() == 0 {
                all.remove();
            }
        }
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents").field("count", &self.0.held.lock().holders.len()).finish_non_exhaustive()
    }
}

impl Documents {
    pub fn new(budgets: Arc<Budgets>, limits: DocumentLimits) -> Self {
        Self(Arc::new(Shared { budgets, limits, held: Mutex::default() }))
    }

    /// Counts a document for a subscription, on a socket or over HTTP, until the returned value is dropped.
    ///
    /// # Errors
    /// When the documents of the socket or of the address have too many bytes.
    pub fn hold(
        &self,
        address: IpAddr,
        socket: Option<u64>,
        key: DocumentKey,
        bytes: usize,
    ) -> Result<HeldDocument, Refused> {
        let limits = &self.0.limits;
        let (address, socket) = (Holder::Address(address), socket.map(Holder::Socket));
        let mut held = self.0.held.lock();
        if socket.is_some_and(|socket| held.bytes_with(socket, &key, bytes) > limits.bytes_per_socket) {
            return Err(Refused("The subscriptions of this socket select too much. End some of them and try again."));
        }
        if held.bytes_with(address, &key, bytes) > limits.bytes_per_address {
            return Err(Refused("The subscriptions of this address select too much. End some of them and try again."));
        }
        for holder in [Some(address), socket].into_iter().flatten() {
            held.hold(holder, key, bytes);
        }
        Ok(HeldDocument { documents: self.clone(), address, socket, key })
    }

    async fn pay(&self, key: DocumentKey, viewer: Viewer, points: u64) {
        loop {
            let payers: Vec<IpAddr> = {
                let held = self.0.held.lock();
                let holders = held.holders.get(&key).into_iter().flat_map(HashMap::keys);
                let addresses = holders.filter_map(|holder| match holder {
                    Holder::Address(address) => Some(*address),
                    Holder::Socket(_) => None,
                });
                addresses.take(MAX_CHARGED_ADDRESSES).collect()
            };
            let mut shortest = None::<Duration>;
            for address in payers {
                match self.0.budgets.try_spend(points, Some(address), viewer) {
                    Ok(()) => return,
                    Err(wait) => shortest = Some(shortest.map_or(wait, |shortest| shortest.min(wait))),
                }
            }
            let Some(wait) = shortest else { return };
            tokio::time::sleep(wait).await;
        }
    }
}

/// A document that is counted for one subscription. Dropping it ends the count.
#[derive(Debug)]
pub struct HeldDocument {
    documents: Documents,
    address: Holder,
    socket: Option<Holder>,
    key: DocumentKey,
}

impl HeldDocument {
    pub fn payer(&self) -> Payer {
        Payer { documents: self.documents.clone(), key: self.key }
    }
}

/// Pays for the messages of a document, from the budget of one of the addresses that hold it.
#[derive(Debug, Clone)]
pub struct Payer {
    documents: Documents,
    key: DocumentKey,
}

impl Payer {
    /// Waits until one of these addresses can pay for messages to this viewer. If nobody holds the document any more, nothing
    /// is paid.
    pub async fn pay(self, viewer: Viewer, points: u64) {
        self.documents.pay(self.key, viewer, points).await;
    }
}

impl Drop for HeldDocument {
    fn drop(&mut self) {
        let mut held = self.documents.0.held.lock();
        for holder in [Some(self.address), self.socket].into_iter().flatten() {
            held.release(holder, self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use futures_util::FutureExt as _;
    use service::settings::Budget;

    use super::*;

    const fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }

    fn documents() -> Documents {
        let budget = Budget { per_second: 1, burst: 10 };
        let limits = Limits { cost_per_address: budget, ..Limits::default() };
        let limits_of_bytes = DocumentLimits { bytes_per_socket: 80, bytes_per_address: 100 };
        Documents::new(Arc::new(Budgets::new(&limits)), limits_of_bytes)
    }

    #[test]
    fn an_address_pays_once_for_each_document() {
        let documents = documents();
        let first = documents.hold(address(1), None, [1; 32], 60).unwrap();
        let again = documents.hold(address(1), None, [1; 32], 60).unwrap();
        assert!(documents.hold(address(1), None, [2; 32], 60).is_err());
        let other = documents.hold(address(2), None, [2; 32], 60).unwrap();
        drop(first);
        assert!(documents.hold(address(1), None, [2; 32], 60).is_err());
        drop(again);
        let second = documents.hold(address(1), None, [2; 32], 60).unwrap();
        drop((other, second));
        let on_socket = documents.hold(address(1), Some(7), [1; 32], 50).unwrap();
        assert!(documents.hold(address(1), Some(7), [2; 32], 50).is_err(), "too much for one socket");
        drop(documents.hold(address(1), Some(8), [2; 32], 50).unwrap());
        drop(on_socket);
        let held = documents.0.held.lock();
        assert!(held.bytes.is_empty() && held.holders.is_empty());
    }

    /// Subscriptions of one document may name other sessions, so they differ in size.
    #[test]
    fn subscriptions_of_one_document_may_end_in_any_order() {
        let documents = documents();
        for sizes in [[10, 40, 70], [70, 40, 10], [40, 70, 10]] {
            for ended_first in 0..3 {
                let mut held: Vec<_> =
                    sizes.map(|bytes| documents.hold(address(1), Some(7), [1; 32], bytes).unwrap()).into();
                drop(held.remove(ended_first));
                assert!(documents.hold(address(1), None, [2; 32], 40).is_err(), "the largest counts");
                drop(held);
                assert!(documents.0.held.lock().bytes.is_empty(), "{sizes:?}, {ended_first}");
            }
        }
    }

    #[tokio::test]
    async fn anyone_who_holds_a_document_pays_for_its_messages() {
        let documents = documents();
        let _first = documents.hold(address(1), None, [1; 32], 1).unwrap();
        documents.pay([1; 32], Viewer::NOBODY, 10).await;
        assert!(documents.pay([1; 32], Viewer::NOBODY, 10).now_or_never().is_none(), "nobody can pay");
        let _second = documents.hold(address(2), None, [1; 32], 1).unwrap();
        documents.pay([1; 32], Viewer::NOBODY, 10).await;
        documents.pay([9; 32], Viewer::NOBODY, 10).await;
    }
}
