//! What a number can carry, by the numbering plan of its country.

use serde::{Deserialize, Serialize};

/// The kind of a number. The plan says what it can carry; a label such as "Home" in the source only says what is
/// preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneKind {
    /// A mobile; abroad also a number that may be either (North America does not tell them apart).
    Mobile,
    /// A fixed line.
    Landline,
    /// A personal number (070): looks like a mobile, forwards elsewhere at a high price.
    Personal,
    /// A pager (076 but for the Isle of Man's 07624).
    Pager,
    /// Costs the caller more than the call (09, 084, 087).
    Premium,
    /// Free for the caller.
    TollFree,
    /// The caller pays a part (abroad).
    SharedCost,
    /// Internet telephony (056).
    Voip,
    /// A number for the whole country at the price of a landline (03, 055).
    Uan,
    /// Anything else, such as a voicemail box.
    Other,
}

impl PhoneKind {
    /// Whether a text can reach it.
    pub const fn can_sms(self) -> bool {
        matches!(self, Self::Mobile)
    }

    /// Whether a school may call it: not where the caller pays extra, nor where nobody can listen.
    pub const fn can_call(self) -> bool {
        matches!(self, Self::Mobile | Self::Landline | Self::Voip | Self::Uan | Self::TollFree)
    }
}
