//! Admission: who gets a seat in an activity, and the message for the user (rule 17 of ARCHITECTURE.md).

/// The seats of an activity, without those of the visit that requests one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeatCounts {
    /// The number of seats. `None` if the activity has no limit.
    pub limit: Option<u32>,
    /// How many others hold a seat.
    pub seats: u32,
    /// How many seats are offered to others who wait.
    pub offers: u32,
    /// Whether others wait to whom no seat is offered yet.
    pub is_waited_for: bool,
}

impl SeatCounts {
    /// Whether one more seat is within the limit.
    fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.seats.saturating_add(self.offers) < limit)
    }

    /// Whether a newcomer gets a seat. While anybody waits, no seat is for a newcomer. Without a limit nobody needs to wait.
    pub fn is_free(&self) -> bool {
        self.has_room() && (self.limit.is_none() || !self.is_waited_for)
    }
}

/// The seat, offer or place that the requesting visit already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requester {
    Newcomer,
    /// It holds a seat. It keeps this seat even if the limit has been lowered.
    Seat,
    /// A seat is offered to it.
    Offer,
    /// It waits, at this position.
    Waiting(u32),
}

/// Which seats a request takes, besides the one that the visit or its person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takes {
    /// The one that is offered.
    pub offered: bool,
    /// A free one.
    pub new: bool,
}

impl Takes {
    pub const ANY: Self = Self { offered: true, new: true };
}

/// The answer to a request for a seat. A full activity is an answer, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub is_admitted: bool,
    /// The number of seats taken, including the new one.
    pub occupancy: u32,
    /// The number of seats. `None` if the activity has no limit.
    pub limit: Option<u32>,
    /// The position in the queue of a visit that is not admitted. `None` if it does not wait.
    pub position: Option<u32>,
    /// The message, if the request does not take the seat that it could get.
    unasked: Option<&'static str>,
}

/// Decides whether a visit gets a seat (rule 17). The queue has been settled: free seats are offered to those who wait
/// longest. So somebody who waits gets a seat by an offer only.
pub fn admit(counts: SeatCounts, requester: Requester, takes: Takes) -> Verdict {
    let unasked = match requester {
        Requester::Offer if !takes.offered => Some("A seat is kept for you. Ask again to take it."),
        Requester::Newcomer | Requester::Waiting(_) if !takes.new => Some("You have no seat here."),
        _ => None,
    };
    let could_enter = match requester {
        Requester::Seat => true,
        Requester::Offer => counts.has_room(),
        Requester::Newcomer => counts.is_free(),
        Requester::Waiting(_) => counts.limit.is_none(),
    };
    let is_admitted = could_enter && unasked.is_none();
    let position = match requester {
        Requester::Waiting(position) if !is_admitted => Some(position),
        _ => None,
    };
    let occupancy = counts.seats + u32::from(is_admitted);
    Verdict { is_admitted, occupancy, limit: counts.limit, position, unasked }
}

/// Whether an activity with this number of seats is closed. Those who have a seat keep it, those who wait keep their place, and
/// nobody gets an offer.
fn is_closed(limit: Option<u32>) -> bool {
    limit == Some(0)
}

impl Verdict {
    /// The message for the user. Clients show it unchanged.
    pub fn message(&self) -> String {
        let Self { is_admitted, occupancy, limit, position, unasked } = self;
        if let Some(unasked) = unasked {
            return (*unasked).to_owned();
        }
        match (is_admitted, limit) {
            (true, None) => "You are in.".to_owned(),
            (true, Some(limit)) => format!("You are in ({occupancy}/{limit})."),
            // Without a limit, every visit that asks for a new seat is admitted. So there is one here.
            (false, limit) => {
                let limit = limit.unwrap_or_default();
                let is_closed = is_closed(Some(limit));
                match position {
                    Some(position) if is_closed => format!(
                        "Platform at capacity ({occupancy}/{limit}). It is closed at the moment. You are number {position} in the queue."
                    ),
                    None if is_closed => {
                        format!("Platform at capacity ({occupancy}/{limit}). It is closed at the moment.")
                    }
                    Some(position) => {
                        format!("Platform at capacity ({occupancy}/{limit}). You are number {position} in the queue.")
                    }
                    None if *occupancy < limit => {
                        format!("The free seats are for those who wait ({occupancy}/{limit} taken). You can wait, too.")
                    }
                    None => {
                        format!("Platform at capacity ({occupancy}/{limit}). Please try again in a few minutes.")
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visits_are_admitted_up_to_the_limit() {
        for (limit, seats, requester, expected) in [
            (Some(3), 2, Requester::Newcomer, "You are in (3/3)."),
            (Some(3), 3, Requester::Newcomer, "Platform at capacity (3/3). Please try again in a few minutes."),
            // The visit holds one of the three seats already.
            (Some(3), 2, Requester::Seat, "You are in (3/3)."),
            // A lowered limit evicts no visit.
            (Some(1), 2, Requester::Seat, "You are in (3/1)."),
            (Some(1), 3, Requester::Newcomer, "Platform at capacity (3/1). Please try again in a few minutes."),
            // Nobody gets a seat in a closed activity. Those who have one keep it.
            (Some(0), 0, Requester::Newcomer, "Platform at capacity (0/0). It is closed at the moment."),
            (Some(0), 1, Requester::Offer, "Platform at capacity (1/0). It is closed at the moment."),
            (
                Some(0),
                0,
                Requester::Waiting(7),
                "Platform at capacity (0/0). It is closed at the moment. You are number 7 in the queue.",
            ),
            (Some(0), 0, Requester::Seat, "You are in (1/0)."),
            (None, 1_000, Requester::Newcomer, "You are in."),
            (Some(3), 2, Requester::Offer, "You are in (3/3)."),
            (Some(3), 3, Requester::Waiting(7), "Platform at capacity (3/3). You are number 7 in the queue."),
            (None, 3, Requester::Waiting(7), "You are in."),
        ] {
            let counts = SeatCounts { limit, seats, ..SeatCounts::default() };
            assert_eq!(admit(counts, requester, Takes::ANY).message(), expected);
        }
    }

    #[test]
    fn newcomer_gets_no_seat_that_is_offered_or_waited_for() {
        let counts = SeatCounts { limit: Some(3), seats: 1, offers: 1, is_waited_for: false };
        assert!(admit(counts, Requester::Newcomer, Takes::ANY).is_admitted);
        let offered = admit(SeatCounts { offers: 2, ..counts }, Requester::Newcomer, Takes::ANY);
        assert_eq!(
            offered.message(),
            "The free seats are for those who wait (1/3 taken). You can wait, too.",
            "{offered:?}"
        );
        assert!(!admit(SeatCounts { is_waited_for: true, ..counts }, Requester::Newcomer, Takes::ANY).is_admitted);
        // Without a limit nobody needs to wait.
        assert!(
            admit(SeatCounts { limit: None, is_waited_for: true, ..counts }, Requester::Newcomer, Takes::ANY)
                .is_admitted
        );
    }

    #[test]
    fn nobody_gets_a_seat_that_was_not_asked_for() {
        let counts = SeatCounts { limit: Some(3), ..SeatCounts::default() };
        let unlimited = SeatCounts::default();
        let without_offer = Takes { offered: false, new: true };
        let (own, own_or_offered) = (Takes { offered: false, new: false }, Takes { offered: true, new: false });
        let (kept, none) = ("A seat is kept for you. Ask again to take it.", "You have no seat here.");
        for (counts, requester, takes, message) in [
            (counts, Requester::Offer, Takes::ANY, "You are in (1/3)."),
            (counts, Requester::Offer, without_offer, kept),
            (counts, Requester::Offer, own_or_offered, "You are in (1/3)."),
            (counts, Requester::Offer, own, kept),
            (counts, Requester::Newcomer, without_offer, "You are in (1/3)."),
            (counts, Requester::Newcomer, own_or_offered, none),
            (counts, Requester::Waiting(1), own_or_offered, none),
            (unlimited, Requester::Newcomer, own, none),
            (unlimited, Requester::Waiting(1), own, none),
            (counts, Requester::Seat, own, "You are in (1/3)."),
        ] {
            let verdict = admit(counts, requester, takes);
            assert_eq!(verdict.message(), message, "{requester:?} {takes:?}");
            assert_eq!(verdict.is_admitted, message.starts_with("You are in"));
        }
    }
}
