//! Rows of the account settings about partners.

use crate::services::settings::row::{Group, Kind, Row, switch, switched};

/// Who else may send.
pub(super) const PARTNERS: Group = Group {
    code: "partners",
    title: "Partners",
    words: "Who else may send in the school's name, with a key of their own.",
    care: |_| None,
    rows: &[
        Row::new(
            "caci",
            "CACI",
            "Keys made for CACI work while this is on.",
            Kind::Switch,
            |s| switch(s.caci),
            |s, typed, _| {
                s.caci = switched(typed)?;
                Ok(())
            },
        )
        .protected(),
        Row::new(
            "wisepay",
            "WisePay",
            "Keys made for WisePay work while this is on.",
            Kind::Switch,
            |s| switch(s.wisepay),
            |s, typed, _| {
                s.wisepay = switched(typed)?;
                Ok(())
            },
        )
        .protected(),
    ],
};
