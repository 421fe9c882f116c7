//! Limits how many queries run at once: in total, per address, and among expensive queries. Others wait for a permit for some
//! seconds. Cheap queries do not wait for expensive ones, because a single expensive query can keep all connections to the
//! database busy.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{error::ApiError, prices::EXPENSIVE};

/// One in this many concurrent queries may be expensive. One expensive query may always run.
const EXPENSIVE_SHARE: usize = 32;

/// How long a query waits for its permit.
const WAIT: Duration = Duration::from_secs(5);

/// How many addresses are remembered before those without queries are removed.
const ADDRESSES: usize = 1024;

/// The permits of running queries.
pub struct QueryPermits {
    all: Arc<Semaphore>,
    expensive: Arc<Semaphore>,
    each: usize,
    by_address: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

/// The permit of a query. The query may run while this is held.
pub struct QueryPermit {
    _all: OwnedSemaphorePermit,
    _address: Option<OwnedSemaphorePermit>,
    _expensive: Option<OwnedSemaphorePermit>,
}

/// The permit of a subscription that begins: a value in its context. It is given back with the first response. A subscription
/// without a snapshot may have no response for long, so its resolver gives the permit back before the first event.
#[derive(Clone, Default)]
pub struct BeginningPermit(Arc<Mutex<Option<QueryPermit>>>);

impl BeginningPermit {
    pub fn hold(&self, permit: QueryPermit) {
        *self.0.lock() = Some(permit);
    }

    pub fn give_back(&self) {
        self.0.lock().take();
    }
}

impl QueryPermits {
    pub fn new(all: usize, each: usize) -> Self {
        let expensive = Arc::new(Semaphore::new((all / EXPENSIVE_SHARE).max(1)));
        Self { all: Arc::new(Semaphore::new(all)), expensive, each, by_address: Mutex::default() }
    }

    /// Waits for a permit for a query of this price. Queries of one address wait for each other before they wait for others.
    ///
    /// # Errors
    /// RATE_LIMITED, if there is no permit within 5 seconds.
    pub async fn take(&self, address: Option<IpAddr>, points: u64) -> Result<QueryPermit, ApiError> {
        let own = address.map(|address| self.of_address(address));
        let taken = async {
            let of_address = match own {
                Some(own) => Some(own.acquire_owned().await?),
                None => None,
            };
            let of_expensive = match points {
                ..=EXPENSIVE => None,
                _ => Some(Arc::clone(&self.expensive).acquire_owned().await?),
            };
            Ok::<_, tokio::sync::AcquireError>(QueryPermit {
                _all: Arc::clone(&self.all).acquire_owned().await?,
                _address: of_address,
                _expensive: of_expensive,
            })
        };
        match timeout(WAIT, taken).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(closed)) => Err(ApiError::internal(closed)),
            Err(_) => Err(ApiError::rate_limited("too many queries run at the same time: try again later")),
        }
    }

    fn of_address(&self, address: IpAddr) -> Arc<Semaphore> {
        let mut by_address = self.by_address.lock();
        if by_address.len() >= ADDRESSES {
            // Each running or waiting query holds a reference to the semaphore of its address.
            by_address.retain(|_, own| Arc::strong_count(own) > 1);
        }
        let own = by_address.entry(address).or_insert_with(|| Arc::new(Semaphore::new(self.each)));
        Arc::clone(own)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::error::ErrorCode;

    const fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_leaves_room_for_others() {
        let permits = QueryPermits::new(3, 2);
        let first = permits.take(Some(address(1)), 1).await.ok();
        let _second = permits.take(Some(address(1)), 1).await.ok();
        let refused = permits.take(Some(address(1)), 1).await.err().map(|error| error.code());
        assert_eq!(refused, Some(ErrorCode::RateLimited));
        let _third = permits.take(Some(address(2)), 1).await.ok();
        let refused = permits.take(Some(address(2)), 1).await.err().map(|error| error.code());
        assert_eq!(refused, Some(ErrorCode::RateLimited), "the server is full");
        drop(first);
        assert!(permits.take(Some(address(2)), 1).await.is_ok());
        assert!(permits.take(None, 1).await.is_ok(), "what was not taken is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_next_turn() {
        let permits = QueryPermits::new(1, 1);
        let first = permits.take(Some(address(1)), 1).await.ok();
        let (taken, ()) = tokio::join!(permits.take(Some(address(2)), 1), async {
            tokio::time::sleep(WAIT / 2).await;
            drop(first);
        });
        assert!(taken.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn queries_that_cost_much_do_not_keep_others_waiting() {
        let permits = QueryPermits::new(64, 32);
        let many = async |last: u8| permits.take(Some(address(last)), EXPENSIVE + 1).await.ok();
        let held = [many(1).await, many(2).await];
        assert!(held.iter().all(Option::is_some));
        assert!(many(3).await.is_none(), "two run");
        let begun = tokio::time::Instant::now();
        assert!(permits.take(Some(address(3)), EXPENSIVE).await.is_ok());
        assert_eq!(begun.elapsed(), Duration::ZERO);
        drop(held);
        assert!(many(3).await.is_some());
    }

    #[tokio::test]
    async fn addresses_that_ask_nothing_are_forgotten() {
        let permits = QueryPermits::new(10, 10);
        let _kept = permits.take(Some(address(1)), 1).await.ok();
        for n in 0..u32::try_from(ADDRESSES).unwrap() + 10 {
            drop(permits.take(Some(IpAddr::V4(Ipv4Addr::from_bits(n))), 1).await.ok());
        }
        let known = permits.by_address.lock();
        assert!(known.len() <= ADDRESSES);
        assert!(known.contains_key(&address(1)));
    }
}
