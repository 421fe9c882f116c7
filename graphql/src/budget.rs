//! The budgets of each address and of each person, over all transports together.
//!
//! The unit is a *point*: about what one statement of the database costs. [`Cost::points`](crate::operation::Cost::points)
//! computes the points of an operation.

use std::{fmt, net::IpAddr, time::Duration};

use domain::{access::Viewer, ids::PersonId};
use service::{
    rate::{self, Rates},
    settings::{Budget, Limits},
};

use crate::error::ApiError;

/// The points that each address and each person has spent recently. A request spends points of both.
pub struct Budgets {
    addresses: Rates<IpAddr>,
    people: Rates<PersonId>,
}

impl fmt::Debug for Budgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budgets").finish_non_exhaustive()
    }
}

impl Budgets {
    pub fn new(limits: &Limits) -> Self {
        let rates = |budget: Budget| rate::per_second(budget.per_second, budget.burst);
        Self {
            addresses: Rates::new(rates(limits.cost_per_address)),
            people: Rates::new(rates(limits.cost_per_person)),
        }
    }

    /// Spends points. Administrators have only the budget of their address.
    ///
    /// # Errors
    /// RATE_LIMITED, with the time until there are enough points.
    pub fn spend(&self, points: u64, address: Option<IpAddr>, viewer: Viewer) -> Result<(), ApiError> {
        self.try_spend(points, address, viewer).map_err(|wait| {
            let message = "too much is asked in a short time: ask less, or less often, and try again later";
            ApiError::rate_limited(message).after(wait)
        })
    }

    /// Does the same as [`spend`](Self::spend), with another error.
    ///
    /// # Errors
    /// The time until there are enough points.
    pub fn try_spend(&self, points: u64, address: Option<IpAddr>, viewer: Viewer) -> Result<(), Duration> {
        let points = u32::try_from(points).unwrap_or(u32::MAX);
        let person = viewer.limited_person();
        address.map_or(Ok(()), |address| self.addresses.take_up_to_burst(&address, points))?;
        person.map_or(Ok(()), |person| self.people.take_up_to_burst(&person, points))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn addresses_and_people_have_budgets() {
        let budget = |burst| Budget { per_second: 1, burst };
        let limits = Limits { cost_per_address: budget(100), cost_per_person: budget(30), ..Limits::default() };
        let budgets = Budgets::new(&limits);
        let [here, there] = [1, 2].map(|last| Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))));
        let ann = Viewer::person(PersonId(1));
        budgets.spend(20, here, ann).unwrap();
        let refused = budgets.spend(20, there, ann).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::RateLimited);
        assert!(refused.retry_after().is_some_and(|wait| (1..=20).contains(&wait.as_secs())), "{refused:?}");
        budgets.spend(30, here, Viewer::person(PersonId(2))).unwrap();
        budgets.spend(50, here, Viewer::ADMIN).unwrap();
        assert!(budgets.spend(1, here, Viewer::NOBODY).is_err());
        budgets.spend(1, None, Viewer::NOBODY).unwrap();
        // A request that costs more than a whole burst waits for a whole burst.
        budgets.spend(1_000, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), Viewer::NOBODY).unwrap();
    }
}
