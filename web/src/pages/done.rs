//! The confirmations that pages show after a form. A redirect names one in its address, so nothing that a link says appears as
//! a message of the site.

macro_rules! confirmations {
    ($($name:ident $text:literal => $words:literal;)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Done {
            $($name,)*
        }

        impl Done {
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }

            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

confirmations! {
    Answered "answered" => "Your answer is saved.";
    AnswerRemoved "answer-removed" => "Your answer is taken back.";
    SkipAdded "skip-added" => "These dates are left out.";
    SkipRemoved "skip-removed" => "The session meets on these dates again.";
    SessionCreated "session-created" => "The session is created. Now say when it meets.";
    SessionSaved "session-saved" => "The session is saved.";
    SessionDeleted "session-deleted" => "The session is deleted.";
    ScheduleSaved "schedule-saved" => "The schedule is saved.";
    MeetingAdded "meeting-added" => "The meeting is added.";
    MeetingSaved "meeting-saved" => "The meeting is saved.";
    MeetingCancelled "meeting-cancelled" => "The meeting is cancelled.";
    MeetingRestored "meeting-restored" => "The meeting takes place after all.";
    MeetingDeleted "meeting-deleted" => "The meeting is deleted.";
    OverrideSet "override-set" => "Your decision is saved.";
    OverrideCleared "override-cleared" => "The meeting follows its times again.";
    CheckedIn "checked-in" => "The person is checked in.";
    CheckedOut "checked-out" => "The person is checked out.";
    TheirAnswerRemoved "their-answer-removed" => "The answer is removed.";
    OrganizerAdded "organizer-added" => "The organiser is added.";
    PersonCreated "person-created" => "The person is created.";
    PersonSaved "person-saved" => "The person is saved.";
    PeopleMerged "people-merged" => "The two people are one now.";
    PersonErased "person-erased" => "The person is erased.";
    TokensRevoked "tokens-revoked" => "The person is signed out everywhere.";
    KeyRevoked "key-revoked" => "The key is revoked.";
    ProfileSaved "profile-saved" => "Your profile is saved.";
    SlotOffered "slot-offered" => "Your time is offered.";
    SlotDeleted "slot-deleted" => "Your time is no longer offered.";
    Booked "booked" => "You have booked this time.";
    BookingStarted "booking-started" => "The booking is started.";
    BookingCompleted "booking-completed" => "The booking is completed.";
    BookingCancelled "booking-cancelled" => "The booking is cancelled.";
    OrganizerRemoved "organizer-removed" => "The organiser is removed.";
}

#[cfg(test)]
mod tests {
    use super::Done;

    #[test]
    fn confirmations_are_found_by_their_names() {
        assert_eq!(Done::named(Done::Answered.name()), Some(Done::Answered));
        assert_eq!(Done::named("<b>"), None);
    }
}
