//! Admission: who gets a seat in an activity, and the message for the user (rule 17 of ARCHITECTURE.md).

/// The answer to a request for a seat. A full activity is an answer, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub is_admitted: bool,
    /// The number of seats taken, including the new one.
    pub occupancy: u32,
    /// The number of seats. `None` if the activity has no limit.
    pub limit: Option<u32>,
}

/// Decides whether a visit gets a seat (rule 17).
///
/// `others` is the number of other visits that hold a seat. `holds_one` says that this visit holds one already. It
/// keeps its seat even if the limit has been lowered.
pub fn admit(limit: Option<u32>, others: u32, holds_one: bool) -> Verdict {
    let is_admitted = holds_one || limit.is_none_or(|limit| others < limit);
    Verdict { is_admitted, occupancy: others + u32::from(is_admitted), limit }
}

impl Verdict {
    /// The message for the user. Clients show it unchanged.
    pub fn message(&self) -> String {
        let Self { is_admitted, occupancy, limit } = self;
        match (is_admitted, limit) {
            (true, None) => "You are in.".to_owned(),
            (true, Some(limit)) => format!("You are in ({occupancy}/{limit})."),
            // The limit is always there: without one, every visit is admitted.
            (false, limit) => {
                let limit = limit.unwrap_or_default();
                format!("Platform at capacity ({occupancy}/{limit}). Please try again in a few minutes.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visits_are_admitted_up_to_the_limit() {
        for (limit, others, holds_one, expected) in [
            (Some(3), 2, false, "You are in (3/3)."),
            (Some(3), 3, false, "Platform at capacity (3/3). Please try again in a few minutes."),
            // The visit holds one of the three seats already.
            (Some(3), 2, true, "You are in (3/3)."),
            // A lowered limit evicts no visit.
            (Some(1), 2, true, "You are in (3/1)."),
            (Some(1), 3, false, "Platform at capacity (3/1). Please try again in a few minutes."),
            (Some(0), 0, false, "Platform at capacity (0/0). Please try again in a few minutes."),
            (None, 1_000, false, "You are in."),
        ] {
            assert_eq!(admit(limit, others, holds_one).message(), expected);
        }
        assert_eq!(admit(Some(3), 2, false), Verdict { is_admitted: true, occupancy: 3, limit: Some(3) });
        assert_eq!(admit(Some(2), 2, false), Verdict { is_admitted: false, occupancy: 2, limit: Some(2) });
    }
}
