//! Checks of rights. The rules are functions of [`Viewer`]. The functions here refuse a viewer to whom a rule does not
//! allow something, and say what to do.

use domain::access::Viewer;

use crate::{Error, Refusal, Result};

/// Refuses everybody but people and admins. `why` is for requests without a token: what to sign in for, such as `to book`.
pub fn require_signed_in(viewer: Viewer, why: &'static str) -> Result<()> {
    match viewer {
        Viewer { is_deactivated: true, .. } => Err(Error::Forbidden(Refusal::Deactivated)),
        viewer if viewer.is_signed_in() => Ok(()),
        _ => Err(Error::Unauthenticated(Refusal::SignIn(why))),
    }
}

/// Refuses everybody but admins. `why` is for requests without a token, and `what` for other people: what only admins may do.
pub fn require_admin(viewer: Viewer, why: &'static str, what: &'static str) -> Result<()> {
    require_signed_in(viewer, why)?;
    require(viewer.is_admin, Refusal::AdminsOnly(what))
}

/// Refuses what a rule does not allow. `forbidden` says who may do it.
pub fn require(is_allowed: bool, forbidden: impl Into<Refusal>) -> Result<()> {
    if is_allowed { Ok(()) } else { Err(Error::Forbidden(forbidden.into())) }
}

/// The refusal of a token that names a person who is not there.
pub fn unknown_person() -> Error {
    Error::Unauthenticated("the person that this token names does not exist".into())
}

/// The refusal of a request that names no person, if the token names none either.
pub fn person_required(field: &str) -> Error {
    Error::invalid(field, "is required, because this token names no person")
}
