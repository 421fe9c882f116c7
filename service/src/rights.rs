//! Checks of rights. The rules are functions of [`Viewer`]. The functions here refuse a viewer to whom a rule does not
//! allow something, and say what to do.

use domain::access::Viewer;

use crate::{Error, Result};

const DEACTIVATED: Error =
    Error::Forbidden("this account is deactivated: it can be used only to read its own data. Ask an administrator");

/// Refuses everybody but people and admins. `message` is for requests without a token.
pub fn require_signed_in(viewer: Viewer, message: &'static str) -> Result<()> {
    match viewer {
        Viewer { is_deactivated: true, .. } => Err(DEACTIVATED),
        viewer if viewer.is_signed_in() => Ok(()),
        _ => Err(Error::Unauthenticated(message)),
    }
}

/// Refuses everybody but admins. `message` is for requests without a token, `forbidden` for other people.
pub fn require_admin(viewer: Viewer, message: &'static str, forbidden: &'static str) -> Result<()> {
    require_signed_in(viewer, message)?;
    require(viewer.is_admin, forbidden)
}

/// Refuses what a rule does not allow. `forbidden` says who may do it.
pub const fn require(is_allowed: bool, forbidden: &'static str) -> Result<()> {
    if is_allowed { Ok(()) } else { Err(Error::Forbidden(forbidden)) }
}
