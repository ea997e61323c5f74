//! A school's own profiles: named sets of roles.

use domain::audit::AuditEvent;
use domain::people::Profile;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::error::Result;
use crate::table::{from_row, n, to_row};
use crate::{School, keys};

/// A profile of a school's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnProfile {
    /// Its id.
    pub id: Ulid,
    /// Its name and roles.
    #[serde(flatten)]
    pub profile: Profile,
    /// Moves with every change.
    pub version: u32,
}

/// The school's own profiles of rights.
#[derive(Debug, Clone, Copy)]
pub struct Profiles<'a> {
    pub(crate) school: &'a School,
}

impl Profiles<'_> {
    /// The school's own profiles, by name.
    pub async fn list(self) -> Result<Vec<OwnProfile>> {
        let rows =
            self.school.table.query(&keys::school_pk(self.school.id), keys::PROFILE_PREFIX, true).await?;
        let mut profiles: Vec<OwnProfile> =
            rows.into_iter().map(|row| from_row("profile", row)).collect::<Result<_>>()?;
        profiles.sort_by_cached_key(|p| p.profile.name.to_lowercase());
        Ok(profiles)
    }

    /// One of them.
    pub async fn get(self, id: Ulid) -> Result<Option<OwnProfile>> {
        let row = self.school.table.get(&keys::profile(self.school.id, id), true).await?;
        row.map(|row| from_row("profile", row)).transpose()
    }

    /// Adds a profile. `Conflict` if its id is taken.
    pub async fn add(self, id: Ulid, profile: Profile, event: &AuditEvent, now_ms: i64) -> Result<()> {
        let row =
            to_row("profile", &keys::profile(self.school.id, id), &OwnProfile { id, profile, version: 1 })?;
        let put = self.school.table.tx_put(row, Some("attribute_not_exists(pk)"))?;
        self.school.transact_recorded(vec![put], event, now_ms).await
    }

    /// Changes a profile. `Conflict` if it is no longer as it was read.
    pub async fn change(
        self,
        before: &OwnProfile,
        profile: Profile,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        let after = OwnProfile { id: before.id, profile, version: before.version.wrapping_add(1) };
        let row = to_row("profile", &keys::profile(self.school.id, before.id), &after)?;
        let put = self.school.table.tx_put_if(row, "version = :seen", [(":seen", n(before.version))])?;
        self.school.transact_recorded(vec![put], event, now_ms).await
    }

    /// Deletes a profile; whoever was given it keeps their roles. `Conflict` if it is no longer as it was read.
    pub async fn delete(self, before: &OwnProfile, event: &AuditEvent, now_ms: i64) -> Result<()> {
        let seen = [(":seen", n(before.version))];
        let delete = self.school.table.tx_delete_if(
            &keys::profile(self.school.id, before.id),
            "version = :seen",
            seen,
        )?;
        self.school.transact_recorded(vec![delete], event, now_ms).await
    }
}
