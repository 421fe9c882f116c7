//! Who gets a seat, and what people are told.

/// The answer to who asks for a seat. Being full is an answer, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub is_admitted: bool,
    /// How many seats are taken, the new one included.
    pub occupancy: u32,
    /// `None`: room for everybody.
    pub limit: Option<u32>,
}

/// Is there a seat for one more? `others`: how many hold one already; `holds_one`: who asks is on one. Whoever has a seat
/// keeps it, also when the limit was lowered.
pub fn admit(limit: Option<u32>, others: u32, holds_one: bool) -> Verdict {
    let is_admitted = holds_one || limit.is_none_or(|limit| others < limit);
    Verdict { is_admitted, occupancy: others + u32::from(is_admitted), limit }
}

impl Verdict {
    /// To be shown as it is.
    pub fn message(&self) -> String {
        let Self { is_admitted, occupancy, limit } = self;
        match (is_admitted, limit) {
            (true, None) => "You are in.".to_owned(),
            (true, Some(limit)) => format!("You are in ({occupancy}/{limit})."),
            // Without a limit nobody is refused.
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
    fn so_many_get_in_and_are_told() {
        for (limit, others, holds_one, expected) in [
            (Some(3), 2, false, "You are in (3/3)."),
            (Some(3), 3, false, "Platform at capacity (3/3). Please try again in a few minutes."),
            // The seat that one has is one's own.
            (Some(3), 2, true, "You are in (3/3)."),
            // The limit was lowered, and evicts nobody.
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
