//! What governs a school's messages. A message keeps the settings with which it was accepted, so nothing
//! in here is ever a secret.

mod read;
mod sender;

use serde::{Deserialize, Serialize};

use crate::approval::Control;
use crate::attendance::Rules;
use crate::money::Pence;
use crate::phone::CountryCode;
use crate::routing::{Routing, VoiceCalling};
use crate::security::Security;
use crate::sync::MisSettings;

pub use read::{SettingError, end_of_day_ms, header, line, price, time_zone};
pub use sender::{SenderError, SmsSender};

/// A school's settings row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// How often the row was changed: give it back with a change, so that nobody overwrites what they have not seen.
    #[serde(default)]
    pub version: u64,
    /// Full name of the school.
    pub name: String,
    /// IANA time zone: the school's day is cut by it.
    pub timezone: String,
    /// Calling code for numbers that are typed without one.
    pub country: CountryCode,
    /// What phones show as the sender of a text: see [`SmsSender`].
    pub sms_sender: String,
    /// Short school name put before each text; empty for none.
    pub sms_header: String,
    /// Number that calls come from, in E.164; empty where there is none, and then nobody can be called.
    pub voice_caller: String,
    /// A number of the school's own, in E.164: texts to it are the school's replies. Empty for none.
    #[serde(default)]
    pub reply_number: String,
    /// Name that mail clients show as the sender.
    pub email_from_name: String,
    /// Where replies to e-mail go.
    pub email_reply_to: String,
    /// Text or call, when a person could get either; see [`Settings::current`] for *both*.
    pub routing: Routing,
    /// Set while *both* is on for today only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub both_until: Option<BothUntil>,
    /// Which numbers are called.
    pub voice_calling: VoiceCalling,
    /// Whether the school subscribes to voice: without it there is no call on any page or in any answer.
    #[serde(default = "yes")]
    pub voice: bool,
    /// Whether parental payments are enabled.
    #[serde(default)]
    pub payments: bool,
    /// Whether CACI may send for the school.
    #[serde(default)]
    pub caci: bool,
    /// Whether WisePay may send for the school.
    #[serde(default)]
    pub wisepay: bool,
    /// Whether staff may change imported contacts: see [`crate::contact::Overrides`].
    #[serde(default)]
    pub edit_imported: bool,
    /// Whether pupils' names carry their registration group: `Ben Abbot (9A)`.
    #[serde(default)]
    pub show_registration: bool,
    /// Prices, for the costing summary.
    pub prices: Prices,
    /// Tokens about the school that any text may use.
    pub head_teacher: String,
    /// Postal address, for `$schooladdress$`.
    pub address: String,
    /// Telephone number as the school writes it, for `$schoolphone$`.
    pub phone: String,
    /// The picture for `$schoollogo$`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    /// The school's account on X, if one is linked. The access to it is no setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<XAccount>,
    /// What is asked of sign-ins.
    #[serde(default)]
    pub security: Security,
    /// The school's MIS, and when it is read.
    #[serde(default)]
    pub mis: MisSettings,
    /// What may go without a PIN.
    #[serde(default)]
    pub control: Control,
    /// Which absences families are told of.
    #[serde(default)]
    pub attendance: Rules,
}

/// What the provider bills the school.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// Each SMS unit.
    pub sms_unit: Pence,
    /// Each started minute of an answered call.
    pub voice_minute: Pence,
    /// Each e-mail.
    pub email: Pence,
}

/// *Send both* for the rest of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BothUntil {
    /// When it ends, in milliseconds since 1970: the end of the school's day.
    pub at_ms: i64,
    /// What it falls back to.
    pub before: Routing,
}

/// An account on X.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct XAccount {
    /// Its number, which it keeps when it takes another name.
    pub id: String,
    /// Its name, without `@`.
    pub name: String,
}

/// The school's logo among the files: a PNG of at most 350 by 350 pixels that this product encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logo {
    /// SHA-256 of the picture in hex: names the file and its address.
    pub hash: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

const fn yes() -> bool {
    true
}

impl Settings {
    /// A new school's settings: what was not asked for is empty, off, costs nothing or is the most usual.
    pub fn new(name: &str) -> Self {
        Self {
            version: 0,
            name: name.to_owned(),
            timezone: "Europe/London".to_owned(),
            country: CountryCode::UK,
            sms_sender: String::new(),
            sms_header: String::new(),
            voice_caller: String::new(),
            reply_number: String::new(),
            email_from_name: name.to_owned(),
            email_reply_to: String::new(),
            routing: Routing::default(),
            both_until: None,
            voice_calling: VoiceCalling::default(),
            voice: true,
            payments: false,
            caci: false,
            wisepay: false,
            edit_imported: false,
            show_registration: false,
            prices: Prices::default(),
            head_teacher: String::new(),
            address: String::new(),
            phone: String::new(),
            logo: None,
            x: None,
            security: Security::default(),
            mis: MisSettings::default(),
            control: Control::default(),
            attendance: Rules::default(),
        }
    }

    /// The school's time zone; an unknown name falls back to UTC rather than stopping a message.
    pub fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.timezone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// As they are at a time, in milliseconds since 1970: *both* that was meant for a day ends with it.
    pub fn current(mut self, now_ms: i64) -> Self {
        if let Some(until) = self.both_until
            && until.at_ms <= now_ms
        {
            self.both_until = None;
            if self.routing == Routing::Both {
                self.routing = until.before;
            }
        }
        self
    }

    /// Whether people can be called: the school subscribes to voice and has a number to call from.
    pub const fn can_call(&self) -> bool {
        self.voice && !self.voice_caller.is_empty()
    }

    /// Whether people can answer a text: a name as its sender cannot be answered.
    pub fn sender_can_be_answered(&self) -> bool {
        self.sms_sender.starts_with('+')
    }

    /// The numbers in E.164 that are the school's own, each once: texts to them are its replies.
    pub fn own_numbers(&self) -> Vec<&str> {
        let mut numbers: Vec<&str> = Vec::new();
        for number in [self.sms_sender.as_str(), &self.reply_number] {
            if number.starts_with('+') && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }

    /// The path of the logo in the product; `None` without one.
    pub fn logo_path(&self) -> Option<String> {
        self.logo.as_ref().map(|logo| format!("/logo/{}.png", logo.hash))
    }
}

impl Logo {
    /// Its key among the files.
    pub fn file(&self, school: crate::ids::SchoolId) -> String {
        format!("logos/{school}/{}.png", self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_before_reads_on() {
        let old = r#"{"name":"Hillview","timezone":"Europe/London","country":44,"sms_sender":"Hillview","sms_header":"",
            "voice_caller":"+441632960100","email_from_name":"Hillview","email_reply_to":"office@hillview.example",
            "routing":"sms_first","voice_calling":"first_only",
            "prices":{"sms_unit":375,"voice_minute":800,"email":0},"head_teacher":"","address":"","phone":""}"#;
        let read: Settings = serde_json::from_str(old).unwrap();
        assert!(read.voice && read.can_call(), "calls went on");
        assert!(!read.edit_imported && !read.caci && !read.wisepay && !read.payments);
        assert_eq!((read.version, read.logo, read.both_until), (0, None, None));
    }

    #[test]
    fn both_for_a_day_ends_with_the_day_and_both_that_was_kept_does_not() {
        let today = Settings {
            routing: Routing::Both,
            both_until: Some(BothUntil { at_ms: 1_000, before: Routing::VoiceFirst }),
            ..Settings::new("Hillview")
        };
        assert_eq!(today.clone().current(999).routing, Routing::Both);
        let after = today.current(1_000);
        assert_eq!((after.routing, after.both_until), (Routing::VoiceFirst, None));
        let kept = Settings { routing: Routing::Both, ..Settings::new("Hillview") };
        assert_eq!(kept.current(i64::MAX).routing, Routing::Both);
    }

    #[test]
    fn a_number_as_sender_is_the_schools_own_and_can_be_answered() {
        let named = Settings { sms_sender: "Hillview".into(), ..Settings::new("Hillview") };
        assert!(!named.sender_can_be_answered() && named.own_numbers().is_empty());
        let number = "+447700900123".to_owned();
        let both = Settings { sms_sender: number.clone(), reply_number: number, ..named };
        assert!(both.sender_can_be_answered());
        assert_eq!(both.own_numbers(), ["+447700900123"]);
    }
}
