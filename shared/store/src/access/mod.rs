//! Who may act for a school, and the rows that show it: users, sessions, keys and what leads to them.

pub(crate) mod account;
pub(crate) mod api_keys;
pub(crate) mod codes;
pub(crate) mod limits;
pub(crate) mod members;
pub(crate) mod one_time;
pub(crate) mod profiles;
pub(crate) mod sessions;
pub(crate) mod users;

use domain::ids::SchoolId;
use domain::job::{DeliveryRef, Job, PageRef};

use crate::access::members::Membership;

/// Proof that whoever holds it acts for one school: made from a session, an API key, a job of our own queue, a
/// reference that we signed, or by the operator. Never from a parameter of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    school: SchoolId,
}

impl Access {
    pub(crate) const fn proven(school: SchoolId) -> Self {
        Self { school }
    }

    /// For a job from our own queue.
    pub const fn of_job(job: &Job) -> Self {
        Self::proven(job.school())
    }

    /// For a reference whose signature was checked.
    pub const fn of_verified(reference: &DeliveryRef) -> Self {
        Self::proven(reference.page.school)
    }

    /// For a page named by a job of our own queue, or by a reference whose signature was checked.
    pub const fn of_page(page: &PageRef) -> Self {
        Self::proven(page.school)
    }

    /// For what is told to a member, about themselves.
    pub const fn of_member(membership: &Membership) -> Self {
        Self::proven(membership.school())
    }

    /// For the operator's own tools, which hold the keys of the database anyway.
    pub const fn of_operator(school: SchoolId) -> Self {
        Self::proven(school)
    }

    /// The school.
    pub const fn school(self) -> SchoolId {
        self.school
    }
}
