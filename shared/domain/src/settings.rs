//! What governs a school's messages.

use serde::{Deserialize, Serialize};

use crate::money::Pence;
use crate::phone::CountryCode;
use crate::routing::{Routing, VoiceCalling};

/// A school's settings row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Full name of the school.
    pub name: String,
    /// IANA time zone: the school's day is cut by it.
    pub timezone: String,
    /// Calling code for numbers that are typed without one.
    pub country: CountryCode,
    /// What phones show as the sender of a text: 3 to 11 characters or a number.
    pub sms_sender: String,
    /// Short school name put before each text; empty for none.
    pub sms_header: String,
    /// Number that calls come from, in E.164.
    pub voice_caller: String,
    /// Name that mail clients show as the sender.
    pub email_from_name: String,
    /// Where replies to e-mail go.
    pub email_reply_to: String,
    /// Text or call, when a person could get either.
    pub routing: Routing,
    /// Which numbers are called.
    pub voice_calling: VoiceCalling,
    /// Prices, for the costing summary.
    pub prices: Prices,
    /// Tokens about the school that any text may use.
    pub head_teacher: String,
    /// Postal address, for `$schooladdress$`.
    pub address: String,
    /// Telephone number as the school writes it, for `$schoolphone$`.
    pub phone: String,
}

/// What the provider bills the school.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// Each SMS unit.
    pub sms_unit: Pence,
    /// Each started minute of an answered call.
    pub voice_minute: Pence,
    /// Each e-mail.
    pub email: Pence,
}

impl Settings {
    /// The school's time zone; an unknown name falls back to UTC rather than stopping a message.
    pub fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.timezone).unwrap_or(jiff::tz::TimeZone::UTC)
    }
}
