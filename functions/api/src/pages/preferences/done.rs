//! What the preferences say was just done.

use crate::pages::kit::done::Done;

pub(super) const DETAILS: Done = Done::new("details", "Your details are saved.");
pub(super) const EMAIL: Done = Done::new(
    "email",
    "Your details are saved. Confirm the new e-mail address with the link that we have sent to it.",
);
pub(super) const LINK: Done = Done::new("link", "A link to confirm your e-mail address is on its way to it.");
pub(super) const PASSWORD: Done =
    Done::new("password", "Your password is changed. Every other browser was signed out.");
pub(super) const COMPOSE: Done = Done::new("compose", "New messages now begin like this.");
/// The page of recovery codes leads to it.
const FACTOR: Done = Done::new("factor", "Your authenticator app is set up.");
pub(super) const OFF: Done = Done::new("off", "The second step is switched off.");
pub(super) const SESSION: Done = Done::new("session", "That browser is signed out.");
pub(super) const EVERYWHERE: Done = Done::new("everywhere", "Every other browser is signed out.");

/// Everything that the page says.
pub(super) const DONE: [Done; 9] =
    [DETAILS, EMAIL, LINK, PASSWORD, COMPOSE, FACTOR, OFF, SESSION, EVERYWHERE];

/// The page that says it.
pub(super) const PAGE: &str = "/preferences";
