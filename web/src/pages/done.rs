//! The confirmations that pages show after a form. A redirect names one in its address, so nothing that a link says appears as
//! a message of the site.

use crate::language::say;

macro_rules! confirmations {
    ($($name:ident $text:literal;)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Done {
            $($name,)*
        }

        impl Done {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What the page says: the text of `web/locales` with this name.
            pub fn words(self) -> String {
                say(&format!("done-{}", self.name()), &[])
            }

            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

confirmations! {
    Answered "answered";
    AnsweredMoved "answered-moved";
    AnsweredOver "answered-over";
    AnsweredCancelled "answered-cancelled";
    Arrived "arrived";
    AnswerRemoved "answer-removed";
    SkipAdded "skip-added";
    SkipRemoved "skip-removed";
    SessionCreated "session-created";
    SessionSaved "session-saved";
    SessionDeleted "session-deleted";
    ScheduleSaved "schedule-saved";
    MeetingAdded "meeting-added";
    MeetingSaved "meeting-saved";
    MeetingCancelled "meeting-cancelled";
    MeetingRestored "meeting-restored";
    MeetingDeleted "meeting-deleted";
    SetLive "set-live";
    SetNotLive "set-not-live";
    OverrideCleared "override-cleared";
    CheckedIn "checked-in";
    CheckedOut "checked-out";
    TheirAnswerSaved "their-answer-saved";
    TheirAnswerRemoved "their-answer-removed";
    OrganizerAdded "organizer-added";
    PersonCreated "person-created";
    PersonSaved "person-saved";
    PeopleMerged "people-merged";
    PersonErased "person-erased";
    TokensRevoked "tokens-revoked";
    KeyRevoked "key-revoked";
    ProfileSaved "profile-saved";
    SlotOffered "slot-offered";
    SlotDeleted "slot-deleted";
    Booked "booked";
    BookingStarted "booking-started";
    BookingCompleted "booking-completed";
    BookingCancelled "booking-cancelled";
    OrganizerRemoved "organizer-removed";
    ActivitySaved "activity-saved";
}

#[cfg(test)]
mod tests {
    use super::Done;

    #[test]
    fn confirmations_are_found_by_their_names() {
        assert_eq!(Done::named(Done::Answered.name()), Some(Done::Answered));
        assert_eq!(Done::named("<b>"), None);
    }

    #[test]
    fn confirmations_have_words() {
        for done in Done::ALL {
            assert!(done.words().ends_with('.'), "{done:?} has no words: {}", done.words());
        }
    }
}
