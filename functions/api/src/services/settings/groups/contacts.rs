//! Rows of the account settings about contacts.

use crate::services::settings::row::{Group, Kind, Row, switch, switched};

/// Contacts.
pub(super) const CONTACTS: Group = Group {
    code: "contacts",
    title: "Contacts",
    words: "What staff may do with people who came from elsewhere.",
    care: |_| None,
    rows: &[
        Row::new(
            "edit_imported",
            "Imported contacts can be changed here",
            "Staff who may edit contacts can then change people from an upload, a partner or the MIS. The change is \
             kept apart from what came from there, and stays until somebody drops it.",
            Kind::Switch,
            |s| switch(s.edit_imported),
            |s, typed, _| {
                s.edit_imported = switched(typed)?;
                Ok(())
            },
        )
        .protected(),
        Row::new(
            "show_registration",
            "Pupils’ names show their registration group",
            "Ben Abbot (9A) instead of Ben Abbot, wherever staff see the name here. The MIS says which group that is; what families get does not change.",
            Kind::Switch,
            |s| switch(s.show_registration),
            |s, typed, _| {
                s.show_registration = switched(typed)?;
                Ok(())
            },
        ),
    ],
};
