//! How to get in: printed at the start and written for scripts (`access.json`).

use std::fmt;

use serde::Serialize;

use crate::demo::DemoUser;

/// Addresses and sign-ins of a running product.
#[derive(Debug, Clone, Serialize)]
pub struct Access {
    /// Where the product is.
    pub url: String,
    /// The demo user.
    pub username: String,
    /// Their password.
    pub password: String,
    /// Others who sign in with the same password.
    pub users: Vec<DemoUser>,
    /// A key for the JSON API, with every scope.
    pub api_key: String,
    /// The demo school.
    pub school_id: String,
    /// What parents see.
    pub outbox_url: String,
    /// The simulator of Twilio.
    pub twilio_url: String,
    /// The simulator of SES.
    pub ses_url: String,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Messenger is ready at {}", self.url)?;
        writeln!(f, "  sign in     {}  {}", self.username, self.password)?;
        for user in &self.users {
            writeln!(f, "              {:<20} {}", user.username, user.may)?;
        }
        writeln!(f, "  API key     {}", self.api_key)?;
        write!(f, "  Outbox      {}   (what parents see)", self.outbox_url)
    }
}
