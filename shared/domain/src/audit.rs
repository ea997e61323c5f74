//! The audit log: who did what, when and from where, sealed into a chain so that a row that was changed or taken out
//! shows (`docs/AUDIT.md` says how anybody can check it).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

macro_rules! acts {
    ($($name:ident = $code:literal, $words:literal;)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each has its words beside it")]
        pub enum Act { $($name,)* }

        impl Act {
            /// Every act, in the order in which the filter lists them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code, as stored and exported.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// For people.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words),* }
            }
        }
    };
}

acts! {
    SchoolCreated = "school.created", "School created";
    UserCreated = "user.created", "User added";
    UserLinked = "user.linked", "Known user linked to the school";
    RolesChanged = "user.roles", "Roles changed";
    UserDisabled = "user.disabled", "User disabled";
    UserEnabled = "user.enabled", "User enabled";
    UserDeleted = "user.deleted", "User deleted";
    GroupsLinked = "user.groups", "User linked to groups";
    ProfileChanged = "profile.changed", "Profile of roles changed";
    SignedIn = "session.began", "Signed in";
    SignInLocked = "session.locked", "Locked out after too many tries";
    SessionsEnded = "session.ended", "Signed out everywhere";
    SessionEnded = "session.one_ended", "Signed out in one browser";
    PasswordChanged = "password.changed", "Password changed";
    PasswordLinkSent = "password.link", "Link to set a password sent";
    EmailConfirmed = "email.confirmed", "E-mail address confirmed";
    PreferencesChanged = "preferences.changed", "Own preferences changed";
    SecondFactorOn = "second_factor.on", "Second factor switched on";
    SecondFactorOff = "second_factor.off", "Second factor switched off";
    RecoveryCodesMade = "second_factor.codes", "New recovery codes made; the old ones stopped working";
    RecoveryCodeUsed = "second_factor.recovery", "Signed in with a recovery code";
    SettingsChanged = "settings.changed", "Account settings changed";
    XLinked = "x.linked", "Account on X linked";
    XUnlinked = "x.unlinked", "Account on X unlinked";
    KeyCreated = "key.created", "API key created";
    KeyRotated = "key.rotated", "API key replaced";
    KeyRevoked = "key.revoked", "API key revoked";
    MessageSent = "message.sent", "Message sent";
    MessageHandedIn = "message.handed_in", "Message submitted for authorisation";
    MessageEdited = "message.edited", "Message edited before it was authorised";
    MessageAuthorised = "message.authorised", "Message authorised";
    MessageRejected = "message.rejected", "Message rejected";
    MessageStopped = "message.stopped", "Message stopped";
    MessageResent = "message.resent", "Message sent again to those not reached";
    PinAsked = "pin.asked", "PIN asked for";
    PinRight = "pin.right", "PIN given";
    PinWrong = "pin.wrong", "Wrong PIN given";
    ContactAdded = "contact.added", "Contact added";
    ContactChanged = "contact.changed", "Contact changed";
    ContactsDeleted = "contact.deleted", "Contacts deleted";
    PairBarred = "pair.barred", "Adult barred from what concerns a pupil";
    BarLifted = "pair.bar_lifted", "Bar between an adult and a pupil lifted";
    SyncAsked = "sync.asked", "Refresh from the MIS asked for";
    SyncApplied = "sync.applied", "Held refresh applied";
    SyncDiscarded = "sync.discarded", "Held refresh discarded";
    SentUnsynced = "message.unsynced", "Message sent without waiting for the refresh";
    DataUploaded = "upload.confirmed", "Upload confirmed";
}

impl Act {
    /// The act of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|act| act.code() == code)
    }
}

/// Who did something: an id, never a name, because a name is a person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A member of staff, by the user's id.
    User(String),
    /// A partner's system, by the API key's id.
    Key(String),
    /// The person who runs the operator's command.
    Operator,
    /// The product itself.
    System,
}

impl Who {
    /// As stored: `user:<id>`, `key:<id>`, `operator`, `system`.
    pub fn code(&self) -> String {
        match self {
            Self::User(id) => format!("user:{id}"),
            Self::Key(id) => format!("key:{id}"),
            Self::Operator => "operator".to_owned(),
            Self::System => "system".to_owned(),
        }
    }
}

/// One value that is now another. Neither is ever a secret; a person's data goes in as its salted hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What: a setting's or a field's name.
    #[serde(rename = "f")]
    pub field: String,
    /// How it was; empty for nothing.
    #[serde(rename = "b")]
    pub before: String,
    /// How it is; empty for nothing.
    #[serde(rename = "a")]
    pub after: String,
}

impl Change {
    /// A change, unless both are the same.
    pub fn of(field: &str, before: &str, after: &str) -> Option<Self> {
        let change = || Self { field: field.to_owned(), before: before.to_owned(), after: after.to_owned() };
        (before != after).then(change)
    }
}

/// Something done, not yet in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// By whom.
    pub who: Who,
    /// Network address that it came from; empty for our own processes.
    pub from: String,
    /// What.
    pub act: Act,
    /// Id of what it was done to: a user, a message, a key; empty for the school itself.
    pub on: String,
    /// What it changed.
    pub changes: Vec<Change>,
}

impl AuditEvent {
    /// Something that the product did of itself.
    pub fn of_system(act: Act, on: impl Into<String>) -> Self {
        Self { who: Who::System, from: String::new(), act, on: on.into(), changes: Vec::new() }
    }
}

/// A row of the log. Every field is text or number as it stands in the table, so that a row can be checked even where
/// this version does not know its act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Counts from 1 for each school, without a gap.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// [`Who::code`].
    pub who: String,
    /// As in [`AuditEvent`].
    pub from: String,
    /// [`Act::code`].
    pub act: String,
    /// As in [`AuditEvent`].
    pub on: String,
    /// The changes as JSON.
    pub changes: String,
    /// Hash of the row before; for the first, of nothing: 64 zeros.
    pub prev: String,
    /// SHA-256 in hex over this row and `prev`.
    pub hash: String,
}

/// Where a school's log ends: what the next row is chained to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of the last row; 0 before the first.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: "0".repeat(64) }
    }
}

impl Head {
    /// The row that an event becomes after this head.
    pub fn seal(&self, school: &str, event: &AuditEvent, at_ms: i64) -> Entry {
        let mut entry = Entry {
            seq: self.seq + 1,
            at_ms,
            who: one_line(&event.who.code()),
            from: one_line(&event.from),
            act: event.act.code().to_owned(),
            on: one_line(&event.on),
            changes: serde_json::to_string(&event.changes).unwrap_or_default(),
            prev: self.hash.clone(),
            hash: String::new(),
        };
        entry.hash = entry.seal_of(school);
        entry
    }
}

impl Entry {
    /// What `hash` has to be: SHA-256 over the fields, one to a line.
    pub fn seal_of(&self, school: &str) -> String {
        let Self { seq, at_ms, who, from, act, on, changes, prev, .. } = self;
        let text = format!("{prev}\n{school}\n{seq}\n{at_ms}\n{who}\n{from}\n{act}\n{on}\n{changes}\n");
        Sha256::digest(text).iter().fold(String::with_capacity(64), |mut hex, byte| {
            use std::fmt::Write;
            // Writing to a string does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The head after this row.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash.clone() }
    }
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Rows are missing.
    #[error("rows {from} to {to} are missing")]
    Missing {
        /// First of them.
        from: u64,
        /// Last of them.
        to: u64,
    },
    /// A row's hash does not fit what it says.
    #[error("row {0} was changed")]
    Changed(u64),
    /// A row does not follow from the one before it.
    #[error("row {0} does not continue the row before it")]
    Unchained(u64),
    /// A row that a head or anchor vouches for is not the one it vouched for.
    #[error("row {0} is not the one that was sealed")]
    NotSealed(u64),
}

/// Checks a school's whole log, rows in order, against its head and whatever earlier heads were kept where nobody can
/// rewrite them. Tells everything that is wrong.
pub fn verify<'a>(
    school: &str,
    entries: impl IntoIterator<Item = &'a Entry>,
    head: &Head,
    anchors: &[Head],
) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut before = Head::default();
    let mut sealed: Vec<&Head> = anchors.iter().chain([head]).filter(|h| h.seq > 0).collect();
    sealed.sort_by_key(|h| h.seq);
    let mut sealed = sealed.into_iter().peekable();
    for entry in entries {
        if entry.seq > before.seq + 1 {
            broken.push(Broken::Missing { from: before.seq + 1, to: entry.seq - 1 });
        } else if entry.seq != before.seq + 1 || entry.prev != before.hash {
            broken.push(Broken::Unchained(entry.seq));
        }
        if entry.seal_of(school) != entry.hash {
            broken.push(Broken::Changed(entry.seq));
        }
        while let Some(kept) = sealed.next_if(|kept| kept.seq <= entry.seq) {
            if kept.seq == entry.seq && kept.hash != entry.hash {
                broken.push(Broken::NotSealed(entry.seq));
            }
        }
        before = entry.head();
    }
    if let Some(last) = sealed.map(|kept| kept.seq).max()
        && last > before.seq
    {
        broken.push(Broken::Missing { from: before.seq + 1, to: last });
    }
    broken
}

/// Without what would end a line of the sealed text.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHOOL: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn log(rows: i64) -> (Vec<Entry>, Head) {
        let mut head = Head::default();
        let mut entries = Vec::new();
        for n in 0..rows {
            let event = AuditEvent {
                who: Who::User(format!("u{n}")),
                from: "192.0.2.7".to_owned(),
                act: Act::RolesChanged,
                on: "u9".to_owned(),
                changes: Change::of("roles", "user", &format!("user,admin {n}\n")).into_iter().collect(),
            };
            let entry = head.seal(SCHOOL, &event, 1_000 * n);
            head = entry.head();
            entries.push(entry);
        }
        (entries, head)
    }

    #[test]
    fn a_log_that_nobody_touched_is_whole() {
        let (entries, head) = log(5);
        assert_eq!(verify(SCHOOL, &entries, &head, &[entries[2].head()]), []);
        assert_eq!(verify(SCHOOL, &[], &Head::default(), &[]), []);
    }

    #[test]
    fn every_field_is_sealed() {
        let (whole, head) = log(3);
        let changes: [fn(&mut Entry); 6] = [
            |e| e.at_ms += 1,
            |e| e.who.push('x'),
            |e| e.from.clear(),
            |e| e.act.push('x'),
            |e| e.on.push('x'),
            |e| e.changes.push(' '),
        ];
        for change in changes {
            let mut entries = whole.clone();
            change(&mut entries[1]);
            assert_eq!(verify(SCHOOL, &entries, &head, &[]), [Broken::Changed(2)]);
        }
        assert_eq!(verify("another", &whole, &head, &[]).len(), 3, "rows of another school");
    }

    #[test]
    fn rows_that_are_gone_show_wherever_they_were() {
        let (whole, head) = log(6);
        for (gone, expected) in [
            (0..2, vec![Broken::Missing { from: 1, to: 2 }]),
            (2..4, vec![Broken::Missing { from: 3, to: 4 }]),
            (4..6, vec![Broken::Missing { from: 5, to: 6 }]),
            (0..6, vec![Broken::Missing { from: 1, to: 6 }]),
        ] {
            let mut entries = whole.clone();
            entries.drain(gone.clone());
            assert_eq!(verify(SCHOOL, &entries, &head, &[]), expected, "{gone:?}");
        }
    }

    #[test]
    fn a_tail_cut_together_with_the_head_shows_against_an_anchor() {
        let (mut entries, head) = log(6);
        entries.truncate(3);
        let forged = entries[2].head();
        assert_eq!(verify(SCHOOL, &entries, &forged, &[]), [], "the head alone cannot tell");
        assert_eq!(verify(SCHOOL, &entries, &forged, &[head]), [Broken::Missing { from: 4, to: 6 }]);
    }

    #[test]
    fn a_log_written_anew_shows_against_an_anchor() {
        let (old, _) = log(4);
        let anchor = old[1].head();
        let mut head = Head::default();
        let mut entries = Vec::new();
        for n in 0..4 {
            let event = AuditEvent {
                who: Who::System,
                from: String::new(),
                act: Act::SignedIn,
                on: String::new(),
                changes: vec![],
            };
            let entry = head.seal(SCHOOL, &event, n);
            head = entry.head();
            entries.push(entry);
        }
        assert_eq!(verify(SCHOOL, &entries, &head, &[anchor]), [Broken::NotSealed(2)]);
    }
}
