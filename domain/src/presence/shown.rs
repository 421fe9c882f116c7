//! What a visit shows of everything that it, or its person, has: places in queues, and seats. It is one thing at a time.
//!
//! The visit's own comes first, then what the visit has shown before, and then the rest of what the person has. Of several, a
//! place comes before a seat, and then the activity with the smallest id.

use crate::ids::ActivityId;

/// A place in the queue of an activity, or a seat in it. A person has at most one of them in an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldingFacts {
    pub activity: ActivityId,
    pub is_seat: bool,
    /// The visit has this seat, or has asked to wait at this place. Otherwise only other visits of its person have.
    pub is_own: bool,
}

/// What a visit shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Holding(HoldingFacts),
    /// What was shown in this activity has ended.
    Ended(ActivityId),
}

impl Shown {
    pub const fn activity(self) -> ActivityId {
        match self {
            Self::Holding(holding) => holding.activity,
            Self::Ended(activity) => activity,
        }
    }
}

/// Chooses what a visit shows. `last` is what it has shown before. The end of that is shown before anything that the
/// person has with other visits in other activities. `None` if there is nothing to show.
pub fn shown(holdings: impl IntoIterator<Item = HoldingFacts>, last: Option<Shown>) -> Option<Shown> {
    let here = last.map(Shown::activity);
    let rank = |it: &HoldingFacts| match (it.is_own, Some(it.activity) == here) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    };
    let first = holdings.into_iter().min_by_key(|it| (rank(it), it.is_seat, it.activity));
    match (first, last) {
        (Some(first), _) if rank(&first) < 2 => Some(Shown::Holding(first)),
        (_, Some(Shown::Holding(before))) => Some(Shown::Ended(before.activity)),
        (Some(first), _) => Some(Shown::Holding(first)),
        (None, ended) => ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn holding(activity: i64, is_seat: bool, is_own: bool) -> HoldingFacts {
        HoldingFacts { activity: ActivityId(activity), is_seat, is_own }
    }

    const OWN_PLACE: HoldingFacts = holding(4, false, true);
    const OWN_SEAT: HoldingFacts = holding(3, true, true);
    const PLACE: HoldingFacts = holding(2, false, false);
    const SEAT: HoldingFacts = holding(1, true, false);

    #[test]
    fn own_place_comes_first_then_the_own_seat_then_what_was_shown_then_the_rest() {
        let all = [SEAT, PLACE, OWN_SEAT, OWN_PLACE];
        let other_place = holding(5, false, false);
        for (holdings, last, first) in [
            (&all[..], Some(SEAT), OWN_PLACE),
            (&all[..3], Some(SEAT), OWN_SEAT),
            (&all[..2], Some(SEAT), SEAT),
            (&all[..2], Some(PLACE), PLACE),
            (&all[..2], None, PLACE),
            (&all[..1], None, SEAT),
            // The order in which they were read does not matter.
            (&[other_place, PLACE], None, PLACE),
            (&[PLACE, other_place], None, PLACE),
            (&[PLACE, other_place], Some(other_place), other_place),
        ] {
            let last = last.map(Shown::Holding);
            assert_eq!(
                shown(holdings.iter().copied(), last),
                Some(Shown::Holding(first)),
                "{holdings:?} after {last:?}"
            );
        }
    }

    #[test]
    fn end_is_shown_before_what_other_visits_have_elsewhere() {
        let (last, ended) = (Some(Shown::Holding(PLACE)), Some(Shown::Ended(PLACE.activity)));
        assert_eq!(shown([SEAT], last), ended);
        assert_eq!(shown([], last), ended);
        assert_eq!(shown([SEAT], ended), Some(Shown::Holding(SEAT)));
        assert_eq!(shown([], ended), ended);
        // The own one is news enough.
        assert_eq!(shown([SEAT, OWN_SEAT], last), Some(Shown::Holding(OWN_SEAT)));
        assert_eq!(shown([], None), None);
    }
}
