//! The DynamoDB table: its keys, its rows, and the changes that may be made to them.
//!
//! Absent on purpose: no scan, no count of rows on the send path, no way to a school's rows but [`Store::school`].

mod access;
mod error;
mod keys;
mod message;
mod people;
mod schema;
mod school;
mod secret;
mod sync;
mod table;
mod update;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use domain::ids::SchoolId;

pub use access::Access;
pub use access::account::{Account, ComposeDefaults, SecondFactor};
pub use access::api_keys::{ApiKey, ApiKeys, ApiToken, KeyKind, KeyTerms};
pub use access::codes::{CODE_TRIES, CodeCheck};
pub use access::limits::{Allowance, Slot};
pub use access::members::{MemberChange, Members, Membership};
pub use access::one_time::{Mint, OneTime, OneTimeKind};
pub use access::profiles::{OwnProfile, Profiles};
pub use access::sessions::{Begin, Lifetime, Owes, Session};
pub use access::users::User;
pub use error::{Result, StoreError};
pub use keys::PAGES_PER_SHARD;
pub use message::accept::{Accepted, Entrance, Hold, IdempotencyKey, NewMessage};
pub use message::approvals::{Approvals, Waiting, Written};
pub use message::family_notices::{Families, FamilyNotices, ToldBy};
pub use message::pages::{Claiming, PAGES_READ_AT_ONCE, PageContent, Pages, PlannedDelivery};
pub use message::pins::{PinAsked, Pins, Tried, pin_text};
pub use message::planning::{Planning, WrittenPlan};
pub use message::progress::Progress;
pub use message::{Author, Body, Edited, Finishing, Messages, Meta, Summary, Unsynced};
pub use people::book::{Book, BookCache};
pub use people::bulk::Bulk;
pub use people::contacts::{Contacts, StoredContact, Upserted};
pub use people::imports::{FindingKind, Import, Imports};
pub use people::ties::Ties;
pub use school::audit::{Audit, AuditMonth};
pub use school::inbox::{Inbound, InboxNumbers};
pub use school::settings::SchoolSettings;
pub use school::usage::Usage;
pub use school::x::{XAccess, XLink, XRequest};
pub use sync::{Begun, LastRun, Manifest, ManifestHead, MisTrial, Registers, Sync, SyncFiles, SyncStanding};

use table::Table;

/// The whole table.
#[derive(Debug, Clone)]
pub struct Store {
    table: Table,
    books: people::book::Books,
}

/// One school's rows: the only door to them.
#[derive(Debug, Clone)]
pub struct School {
    pub(crate) table: Table,
    pub(crate) id: SchoolId,
    pub(crate) books: people::book::Books,
}

impl Store {
    /// The table of this name.
    pub fn new(client: Client, table_name: &str) -> Self {
        Self { table: Table { client, name: Arc::from(table_name) }, books: people::book::Books::default() }
    }

    /// Opens one school's rows to whoever has shown a right to them.
    pub fn school(&self, access: Access) -> School {
        School { table: self.table.clone(), id: access.school(), books: self.books.clone() }
    }

    /// Makes the table where it is not declared by a template: in the embedded database.
    pub async fn create_table(&self) -> Result<()> {
        self.table.create_table().await
    }
}

impl School {
    /// Whose rows these are.
    pub const fn id(&self) -> SchoolId {
        self.id
    }

    /// Its messages: what they say, where they stand, and the history.
    pub const fn messages(&self) -> Messages<'_> {
        Messages { school: self }
    }

    /// How its accepted messages become pages of deliveries.
    pub const fn planning(&self) -> Planning<'_> {
        Planning { school: self }
    }

    /// How its planned messages get on.
    pub const fn progress(&self) -> Progress<'_> {
        Progress { school: self }
    }

    /// The pages of deliveries of its messages.
    pub const fn pages(&self) -> Pages<'_> {
        Pages { school: self }
    }

    /// Its messages that wait for somebody to authorise them.
    pub const fn approvals(&self) -> Approvals<'_> {
        Approvals { school: self }
    }

    /// The PINs that confirm its messages.
    pub const fn pins(&self) -> Pins<'_> {
        Pins { school: self }
    }

    /// Which families were notified of a matter of a session.
    pub const fn family_notices(&self) -> FamilyNotices<'_> {
        FamilyNotices { school: self }
    }

    /// Its address book as a whole.
    pub const fn book(&self) -> Book<'_> {
        Book { school: self }
    }

    /// Single contacts of its address book.
    pub const fn contacts(&self) -> Contacts<'_> {
        Contacts { school: self }
    }

    /// Ties between its pupils and adults, and bars on them.
    pub const fn ties(&self) -> Ties<'_> {
        Ties { school: self }
    }

    /// Its uploads of contacts.
    pub const fn imports(&self) -> Imports<'_> {
        Imports { school: self }
    }

    /// Its settings.
    pub const fn settings(&self) -> SchoolSettings<'_> {
        SchoolSettings { school: self }
    }

    /// The users who belong to it.
    pub const fn members(&self) -> Members<'_> {
        Members { school: self }
    }

    /// Its own profiles of rights.
    pub const fn profiles(&self) -> Profiles<'_> {
        Profiles { school: self }
    }

    /// Its API keys.
    pub const fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys { school: self }
    }

    /// Its audit log.
    pub const fn audit(&self) -> Audit<'_> {
        Audit { school: self }
    }

    /// What it has used.
    pub const fn usage(&self) -> Usage<'_> {
        Usage { school: self }
    }

    /// The numbers at which it is written to.
    pub const fn inbox(&self) -> InboxNumbers<'_> {
        InboxNumbers { school: self }
    }

    /// Its account at X.
    pub const fn x(&self) -> XLink<'_> {
        XLink { school: self }
    }

    /// Its sync with the MIS.
    pub const fn sync(&self) -> Sync<'_> {
        Sync { school: self }
    }
}
