//! The DynamoDB table: its keys, its rows, and the changes that may be made to them.
//!
//! Absent on purpose: no scan, no count of rows on the send path, no way to a school's rows but [`Store::school`].

mod access;
mod account;
mod api_keys;
mod approvals;
mod at_work;
mod audit;
mod book;
mod bulk;
mod codes;
mod contacts;
mod error;
mod guard;
mod imports;
mod inbox;
mod keys;
mod limits;
mod members;
mod messages;
mod one_time;
mod pacing;
mod pages;
mod pins;
mod profiles;
mod progress;
mod secret;
mod sessions;
mod settings;
mod sync;
mod table;
mod ties;
mod told;
mod update;
mod usage;
mod users;
mod x;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use domain::ids::SchoolId;

pub use access::Access;
pub use account::{Account, ComposeDefaults, SecondFactor};
pub use api_keys::{ApiKey, ApiToken, KeyKind, KeyTerms};
pub use approvals::{Entrance, Hold, Waiting, Written};
pub use audit::AuditMonth;
pub use book::BookCache;
pub use bulk::Bulk;
pub use codes::{CODE_TRIES, CodeCheck};
pub use contacts::{StoredContact, Upserted};
pub use error::{Result, StoreError};
pub use imports::{FindingKind, Import};
pub use inbox::Inbound;
pub use keys::PAGES_PER_SHARD;
pub use limits::{Allowance, Slot};
pub use members::{MemberChange, Membership};
pub use messages::{
    Accepted, Author, Body, Edited, Finishing, IdempotencyKey, Meta, NewMessage, Summary, Unsynced,
};
pub use one_time::{Mint, OneTime, OneTimeKind};
pub use pages::{Claiming, PAGES_AT_ONCE, PageContent, PlannedDelivery};
pub use pins::{PinAsked, Tried, pin_text};
pub use profiles::OwnProfile;
pub use progress::WrittenPlan;
pub use sessions::{Begin, Lifetime, Owes, Session};
pub use sync::{Begun, LastRun, ManifestHead, SyncStanding};
pub use told::{Families, ToldBy};
pub use users::User;
pub use x::{XAccess, XRequest};

use table::Table;

/// The whole table.
#[derive(Debug, Clone)]
pub struct Store {
    table: Table,
    books: book::Books,
}

/// One school's rows: the only door to them.
#[derive(Debug, Clone)]
pub struct School {
    pub(crate) table: Table,
    pub(crate) id: SchoolId,
    pub(crate) books: book::Books,
}

impl Store {
    /// The table of this name.
    pub fn new(client: Client, table_name: &str) -> Self {
        Self { table: Table { client, name: Arc::from(table_name) }, books: book::Books::default() }
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
}
