//! Planning at each due instant creates exactly one instance for every occurrence, and none too late.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use insession_domain::{
    autocreate::plan,
    matching::{Existence, ExistingInstance},
    recurrence::Recurrence,
    window::Buffers,
};
use proptest::{collection::vec, prelude::*};

use crate::recurrence_property::{calendars, schedules};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_occurrence_gets_exactly_one_instance(
        schedules in vec(schedules(), 1..4),
        (calendar, from) in calendars(),
        hours_ahead in 1..=168i32,
    ) {
        let recurrence = Recurrence::new(schedules).unwrap();
        let begins = from.and_hms_opt(12, 0, 0).unwrap().and_utc();
        let ends = begins + TimeDelta::days(60);
        let ahead = TimeDelta::hours(hours_ahead.into());
        let mut existing = Vec::new();
        let mut created: BTreeSet<DateTime<Utc>> = BTreeSet::new();
        let mut now = begins;
        while now <= ends {
            let decided = plan(&recurrence, &calendar, Buffers::default(), hours_ahead, &existing, now);
            for it in decided.create {
                prop_assert!(created.insert(it.meeting.starts_at()));
                prop_assert!(it.meeting.starts_at() - now <= ahead);
                // Occurrences are created exactly when they fall due, except those that were due before the first plan.
                prop_assert!(now == begins || it.meeting.starts_at() - now == ahead);
                existing.push(ExistingInstance {
                    date: it.date,
                    start: Some(it.start),
                    occurrence: Some(it.key()),
                    existence: Existence::Present,
                });
            }
            let again = plan(&recurrence, &calendar, Buffers::default(), hours_ahead, &existing, now);
            prop_assert!(again.create.is_empty());
            prop_assert_eq!(again.next_due, decided.next_due);
            let Some(next_due) = decided.next_due else { break };
            prop_assert!(now < next_due);
            now = next_due;
        }
        let all = recurrence.starting_in(&calendar, begins, ends + ahead);
        for it in all.iter().filter(|it| it.meeting.starts_at() - ahead <= ends) {
            prop_assert!(created.contains(&it.meeting.starts_at()), "{:?}", it);
        }
    }
}
