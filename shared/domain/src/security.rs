//! What a school asks of its users' sign-ins (ARCHITECTURE §7).

use serde::{Deserialize, Serialize};

/// A school's rules for signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Security {
    /// How hard to guess a password must be.
    pub strength: Strength,
    /// Which of their own earlier passwords a user may not take again.
    pub policy: Reuse,
    /// Whether passwords expire. National guidance advises against it.
    pub enforce_change: bool,
    /// After how many days, if they do.
    pub days: u16,
    /// Whether an administrator must have a second factor.
    pub require_second_factor_for_admin: bool,
}

impl Default for Security {
    fn default() -> Self {
        Self {
            strength: Strength::Strong,
            policy: Reuse::OldOne,
            enforce_change: false,
            days: Self::DAYS,
            require_second_factor_for_admin: false,
        }
    }
}

impl Security {
    /// Days that are filled in when expiry is switched on.
    pub const DAYS: u16 = 30;
    /// Fewest and most days of an expiry.
    pub const DAYS_RANGE: std::ops::RangeInclusive<u16> = 1..=366;

    /// The rules of somebody who works for several schools: the stricter of each.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        let days = match (self.enforce_change, other.enforce_change) {
            (true, true) => self.days.min(other.days),
            (false, true) => other.days,
            _ => self.days,
        };
        Self {
            strength: self.strength.max(other.strength),
            policy: self.policy.max(other.policy),
            enforce_change: self.enforce_change || other.enforce_change,
            days,
            require_second_factor_for_admin: self.require_second_factor_for_admin
                || other.require_second_factor_for_admin,
        }
    }

    /// Whether a password that was set then has expired.
    pub const fn has_expired(&self, set_ms: i64, now_ms: i64) -> bool {
        const DAY_MS: i64 = 24 * 3_600_000;
        self.enforce_change && now_ms.saturating_sub(set_ms) >= self.days as i64 * DAY_MS
    }
}

/// How hard to guess a password must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// At least 8 characters; what is unsafe is warned of.
    Any,
    /// Longer, mixed, and not among the first that are guessed.
    Medium,
    /// The default.
    Strong,
    /// For those who hold much.
    VeryStrong,
}

impl Strength {
    /// Every level, rising.
    pub const ALL: [Self; 4] = [Self::Any, Self::Medium, Self::Strong, Self::VeryStrong];

    /// The word used in forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Medium => "medium",
            Self::Strong => "strong",
            Self::VeryStrong => "very_strong",
        }
    }

    /// The level of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Any => "Any",
            Self::Medium => "Medium",
            Self::Strong => "Strong",
            Self::VeryStrong => "Very strong",
        }
    }
}

/// Which earlier passwords may not be taken again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reuse {
    /// The one before.
    OldOne,
    /// The last five.
    LastFive,
}

impl Reuse {
    /// Every policy.
    pub const ALL: [Self; 2] = [Self::OldOne, Self::LastFive];

    /// The word used in forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OldOne => "old_one",
            Self::LastFive => "last_five",
        }
    }

    /// The policy of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.code() == code)
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OldOne => "Different from the old one",
            Self::LastFive => "Different from the last 5",
        }
    }

    /// How many passwords are looked back at, the present one among them.
    pub const fn remembered(self) -> usize {
        match self {
            Self::OldOne => 1,
            Self::LastFive => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_from_before_these_settings_has_the_defaults() {
        let read: Security = serde_json::from_str("{}").unwrap();
        assert_eq!(read, Security::default());
        assert_eq!((read.strength, read.enforce_change), (Strength::Strong, false));
    }

    #[test]
    fn of_two_schools_the_stricter_rule_holds() {
        let lax = Security { strength: Strength::Any, ..Security::default() };
        let strict = Security {
            strength: Strength::VeryStrong,
            policy: Reuse::LastFive,
            enforce_change: true,
            days: 90,
            require_second_factor_for_admin: true,
        };
        assert_eq!(lax.strictest(strict), strict);
        assert_eq!(strict.strictest(lax), strict);
        assert_eq!(strict.strictest(Security { days: 30, ..strict }).days, 30);
    }

    #[test]
    fn a_password_expires_on_the_day_if_at_all() {
        let day = 24 * 3_600_000;
        let on = Security { enforce_change: true, days: 30, ..Security::default() };
        assert!(!on.has_expired(0, 30 * day - 1) && on.has_expired(0, 30 * day));
        assert!(!Security::default().has_expired(0, 10_000 * day));
    }
}
