//! What the settings say was just done.

use crate::pages::kit::done::Done;

pub(super) const SAVED: Done =
    Done::new("saved", "The settings are saved. Messages written from now on follow them.");
pub(super) const SAME: Done = Done::new("same", "Nothing was different, so nothing was changed.");
pub(super) const LOGO: Done =
    Done::new("logo", "The logo is saved. Write $schoollogo$ where an e-mail should show it.");
pub(super) const NO_LOGO: Done = Done::new("no-logo", "The logo is removed.");
pub(super) const LINKED: Done =
    Done::new("x", "The account on X is linked. Who holds the role “Post on X” can post now.");
pub(super) const UNLINKED: Done = Done::new("no-x", "The account on X is unlinked.");

/// Everything that one page says.
pub(super) const DONE: [Done; 6] = [SAVED, SAME, LOGO, NO_LOGO, LINKED, UNLINKED];
