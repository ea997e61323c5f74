//! Memberships: what a user may do in one school.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};
use domain::audit::AuditEvent;
use domain::ids::{SchoolId, UserId};
use domain::people::{Member, Roles, Standing};
use domain::settings::Settings;
use serde::{Deserialize, Serialize};

use crate::access::one_time::OneTime;
use crate::access::users::User;
use crate::error::{Result, StoreError};
use crate::table::{from_row, key_row, n, s, to_row};
use crate::update::Updated;
use crate::{School, Store, keys};

/// A user's place in one school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    school: SchoolId,
    user: UserId,
    roles: Roles,
    standing: Standing,
    /// Groups that limit whom they see and message; empty for no limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    /// Moves with every change of the above.
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_sign_in_ms: Option<i64>,
}

/// What a membership becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberChange {
    /// Their roles.
    pub roles: Roles,
    /// Whether it works.
    pub standing: Standing,
    /// Groups that limit whom they see and message; empty for no limit.
    pub groups: Vec<String>,
}

impl Membership {
    /// The school.
    pub const fn school(&self) -> SchoolId {
        self.school
    }

    /// The user.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// Their roles.
    pub const fn roles(&self) -> Roles {
        self.roles
    }

    /// Whether it works.
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// Groups that limit whom they see and message; empty for no limit.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Moves with every change of roles, standing or groups.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// When they last began a session here, in milliseconds since 1970.
    pub const fn last_sign_in_ms(&self) -> Option<i64> {
        self.last_sign_in_ms
    }

    /// As the rules of managing see it.
    pub const fn member(&self) -> Member {
        Member { user: self.user, roles: self.roles, standing: self.standing }
    }

    /// As it is, to be changed in part.
    pub fn as_change(&self) -> MemberChange {
        MemberChange { roles: self.roles, standing: self.standing, groups: self.groups.clone() }
    }
}

impl Store {
    /// A user's memberships that are not deleted, in the order of the schools' ids.
    pub async fn memberships(&self, user: &User) -> Result<Vec<Membership>> {
        let wanted: Vec<_> = user.schools.iter().map(|school| keys::membership(*school, user.id)).collect();
        let rows = self.table.batch_get(&wanted, true).await?;
        let mut found: Vec<Membership> =
            rows.into_iter().map(|row| from_row("membership", row)).collect::<Result<_>>()?;
        found.retain(|membership| membership.standing != Standing::Deleted);
        found.sort_unstable_by_key(Membership::school);
        Ok(found)
    }
}

/// Users who belong to the school.
#[derive(Debug, Clone, Copy)]
pub struct Members<'a> {
    pub(crate) school: &'a School,
}

impl Members<'_> {
    /// Makes a user a member with these roles, or gives a member these roles instead, by the operator's hand.
    /// `Conflict` for an unknown user.
    pub async fn add(self, user: UserId, roles: Roles) -> Result<()> {
        let change = MemberChange { roles, standing: Standing::Enabled, groups: Vec::new() };
        let row =
            to_row("membership", &keys::membership(self.school.id, user), &self.new_member(user, change))?;
        self.school
            .table
            .transact(vec![self.school.table.tx_put(row, None)?, self.list_school(user)?], None)
            .await
    }

    /// Makes the school, its first user and their membership with every role, and the event that it is: all or nothing.
    /// `Conflict` when the school is there, or when the user's id, their e-mail address, or their username or one that
    /// looks like it, is taken.
    pub async fn create_school(
        self,
        settings: &Settings,
        user: &User,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        let new = Some("attribute_not_exists(pk)");
        let change = MemberChange { roles: Roles::all(), standing: Standing::Enabled, groups: Vec::new() };
        let member = self.new_member(user.id, change);
        let mut items = user.tx_create(&self.school.table, Some(self.school.id))?;
        let member = to_row("membership", &keys::membership(self.school.id, user.id), &member)?;
        items.push(self.school.table.tx_put(member, new)?);
        items.push(
            self.school.table.tx_put(to_row("settings", &keys::settings(self.school.id), settings)?, new)?,
        );
        self.school.transact_recorded(items, event, now_ms).await
    }

    /// One member, a deleted one too.
    pub async fn get(self, user: UserId) -> Result<Option<Membership>> {
        let row = self.school.table.get(&keys::membership(self.school.id, user), true).await?;
        row.map(|row| from_row("membership", row)).transpose()
    }

    /// Every member, the deleted ones too, because history names them.
    pub async fn list(self) -> Result<Vec<Membership>> {
        let rows =
            self.school.table.query(&keys::school_pk(self.school.id), keys::MEMBERSHIP_PREFIX, true).await?;
        rows.into_iter().map(|row| from_row("membership", row)).collect()
    }

    /// Lets a user in who is no member yet, or was one. `Conflict` if they are a member, if the user is unknown, or if
    /// `by`, who lets them in, is no longer as they were read.
    pub async fn add_recorded(
        self,
        by: &Membership,
        user: UserId,
        change: MemberChange,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        let row =
            to_row("membership", &keys::membership(self.school.id, user), &self.new_member(user, change))?;
        let gone = [(":deleted", s("deleted"))];
        let put =
            self.school.table.tx_put_if(row, "attribute_not_exists(pk) OR standing = :deleted", gone)?;
        self.school
            .transact_recorded(vec![put, self.list_school(user)?, self.unchanged(by)?], event, now_ms)
            .await
    }

    /// Makes a new user and their membership, all or nothing. `Conflict` if their id, their e-mail address, or their
    /// username or one that looks like it, is taken, or if `by`, who adds them, is no longer as they were read.
    pub async fn add_new_user(
        self,
        by: &Membership,
        user: &User,
        change: MemberChange,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        let row = to_row(
            "membership",
            &keys::membership(self.school.id, user.id),
            &self.new_member(user.id, change),
        )?;
        let mut items = user.tx_create(&self.school.table, Some(self.school.id))?;
        items.push(self.school.table.tx_put(row, Some("attribute_not_exists(pk)"))?);
        items.push(self.unchanged(by)?);
        self.school.transact_recorded(items, event, now_ms).await
    }

    /// Changes a membership. `Conflict` if it, or that of `by`, is no longer as it was read.
    pub async fn change(
        self,
        by: &Membership,
        before: &Membership,
        change: MemberChange,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        let after = Membership {
            roles: change.roles,
            standing: change.standing,
            groups: change.groups,
            version: before.version.wrapping_add(1),
            ..before.clone()
        };
        let row = to_row("membership", &keys::membership(self.school.id, before.user), &after)?;
        let put = self.school.table.tx_put_if(row, "version = :seen", [(":seen", n(before.version))])?;
        self.school.transact_recorded(vec![put, self.unchanged(by)?], event, now_ms).await
    }

    /// Changes a user, and uses up the token that allowed it, if one did. `Conflict` if they are no longer as they were
    /// read, the token was used, or the new e-mail address is somebody else's.
    pub async fn change_user(
        self,
        before: &User,
        after: &User,
        spent: Option<&OneTime>,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        let store = Store { table: self.school.table.clone(), books: self.school.books.clone() };
        let mut items = store.tx_change_user(before, after)?;
        if let Some(token) = spent {
            items.push(store.tx_spend(token)?);
        }
        self.school.transact_recorded(items, event, now_ms).await
    }

    /// Notes that a member began a session.
    pub async fn record_sign_in(self, user: UserId, now_ms: i64) -> Result<()> {
        let key = keys::membership(self.school.id, user);
        let update = "SET last_sign_in_ms = :now";
        match self.school.table.update_if(&key, update, "attribute_exists(pk)", [(":now", n(now_ms))]).await?
        {
            Updated::Done(_) => Ok(()),
            Updated::Refused(_) => Err(StoreError::NotFound("membership")),
        }
    }

    fn new_member(self, user: UserId, change: MemberChange) -> Membership {
        Membership {
            school: self.school.id,
            user,
            roles: change.roles,
            standing: change.standing,
            groups: change.groups,
            version: 1,
            last_sign_in_ms: None,
        }
    }

    /// Lists the school among the user's. The condition is that the user is there.
    fn list_school(self, user: UserId) -> Result<TransactWriteItem> {
        let school = AttributeValue::Ss(vec![self.school.id.to_string()]);
        let there = Some("attribute_exists(pk)");
        self.school.table.tx_update(&keys::user(user), "ADD schools :school", there, [(":school", school)])
    }

    /// That a membership is still as it was read: what it allowed then, it allows now.
    fn unchanged(self, membership: &Membership) -> Result<TransactWriteItem> {
        let check = ConditionCheck::builder()
            .table_name(&*self.school.table.name)
            .set_key(Some(key_row(&keys::membership(self.school.id, membership.user))))
            .condition_expression("version = :seen")
            .expression_attribute_values(":seen", n(membership.version))
            .build()
            .map_err(|e| StoreError::corrupt("transaction", e))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}
