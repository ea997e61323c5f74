//! Staff of the demo school: one for each of the guide's scenarios, all with the demo password.

use domain::people::Profile;
use serde::Serialize;
use store::{Access, Account, MemberChange, School, Store, StoreError, User};

use domain::audit::{Act, AuditEvent, Who};
use domain::email::EmailAddress;
use domain::ids::{SchoolId, UserId};
use domain::people::Standing;
use ulid::Ulid;

use super::DemoError;

/// A demo user, as the start and `access.json` list them.
#[derive(Debug, Clone, Serialize)]
pub struct DemoUser {
    /// What they sign in with.
    pub username: &'static str,
    /// What they may do, in a few words.
    pub may: &'static str,
}

/// Username, forename, surname, profile, groups that they are linked to, and all that in words.
type Scenario =
    (&'static str, &'static str, &'static str, &'static str, &'static [&'static str], &'static str);

const STAFF: [Scenario; 5] = [
    ("5976.tess.abernethy", "Tess", "Abernethy", "Minimum user", &[], "writes; the office sends"),
    ("5976.sam.okoro", "Sam", "Okoro", "Teacher who sends", &[], "writes and sends"),
    ("5976.olive.field", "Olive", "Field", "Office authoriser", &[], "sends what others wrote"),
    (
        "5976.adam.quill",
        "Adam",
        "Quill",
        "Administrator",
        &[],
        "runs the office; manages users up to their own roles",
    ),
    ("5976.nina.year", "Nina", "Yearwood", "Teacher who sends", &["Year 9"], "sends to Year 9 only"),
];

/// Everybody, for `access.json`.
pub(crate) fn listed() -> Vec<DemoUser> {
    STAFF.iter().map(|(username, _, _, _, _, may)| DemoUser { username, may }).collect()
}

/// Whether the last of them was added.
pub(super) async fn is_whole(store: &Store) -> Result<bool, DemoError> {
    Ok(store.user(user_id(STAFF.len() as u128 + 1)).await?.is_some())
}

fn user_id(number: u128) -> UserId {
    UserId::new(Ulid::from_parts(1_756_713_600_000, number))
}

/// Adds them, by the super-user's hand, whose password theirs is.
pub(super) async fn add(store: &Store, id: SchoolId, by: &User, now_ms: i64) -> Result<(), DemoError> {
    let school = store.school(Access::of_operator(id));
    for (number, scenario) in (2..).zip(STAFF) {
        let user = user_id(number);
        if store.user(user).await?.is_none() {
            add_one(&school, by, user, scenario, now_ms).await?;
        }
    }
    Ok(())
}

async fn add_one(
    school: &School,
    by: &User,
    id: UserId,
    (username, forename, surname, profile, groups, _): Scenario,
    now_ms: i64,
) -> Result<(), DemoError> {
    let (_, name) = username.split_once('.').unwrap_or_default();
    let email = EmailAddress::parse(&format!("{name}@greenabbey.example"));
    let user = User {
        id,
        username: username.to_owned(),
        email: email.map_err(|e| DemoError::SignIn(e.to_string()))?,
        forename: forename.to_owned(),
        surname: surname.to_owned(),
        password_hash: by.password_hash.clone(),
        created_ms: now_ms,
        account: Account { email_confirmed: true, password_set_ms: now_ms, ..Account::default() },
        schools: Vec::new(),
    };
    let found = Profile::built_in().into_iter().find(|built_in| built_in.name == profile);
    let mut roles = found.map(|built_in| built_in.roles).unwrap_or_default();
    if profile == "Administrator" {
        // The guide's administrator manages users too.
        roles = roles.with(domain::people::Role::ManageUser);
    }
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    let change = MemberChange { roles, standing: Standing::Enabled, groups };
    let event = AuditEvent {
        who: Who::Operator,
        from: String::new(),
        act: Act::UserCreated,
        on: id.to_string(),
        changes: Vec::new(),
    };
    let member = school.members().get(by.id).await?.ok_or(StoreError::NotFound("membership"))?;
    match school.members().add_new_user(&member, &user, change, &event, now_ms).await {
        // Somebody of the school's own may have taken the name.
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(e) => Err(e.into()),
    }
}
