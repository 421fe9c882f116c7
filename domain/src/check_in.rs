//! Check-ins: one person's answer to one instance.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType), sea_orm(value_type = "String", column_type = "Text"))]
pub enum Attendance {
    Yes,
    Maybe,
    No,
}

impl Attendance {
    /// The text that the database keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "YES",
            Self::Maybe => "MAYBE",
            Self::No => "NO",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Yes, Self::Maybe, Self::No].into_iter().find(|attendance| attendance.as_str() == text)
    }
}

kept_as_text!(Attendance);
