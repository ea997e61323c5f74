//! Founding a school: its settings, its super-user, its API keys.

use api::auth::Scope;
use domain::audit::{Act, Deed, Who};
use domain::ids::SchoolId;
use domain::people::Roles;
use domain::settings::Settings;
use store::{Access, ApiToken, Store, StoreError, User};

/// Nothing, or not all, was made.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// Usernames are unique across schools, in any capitals.
    #[error("that username is taken")]
    UsernameTaken,
    /// There is no user of this name.
    #[error("there is no user of that name")]
    NoUser,
    /// There is no school of this id.
    #[error("there is no school of that id")]
    NoSchool,
    /// The password could not be hashed.
    #[error("password: {0}")]
    Password(String),
    /// The school is made, but the link could not be queued for mailing; *Forgotten password* sends another.
    #[error(
        "the school is made, but its super-user could not be mailed ({0}): use “Forgotten password” to send the link"
    )]
    NotMailed(String),
    /// The audit log is not whole: what is wrong, a line each.
    #[error("the audit log is not whole:\n  {0}")]
    AuditBroken(String),
    /// The audit log was not checked.
    #[error(transparent)]
    Verify(#[from] crate::verify::VerifyError),
    /// The table could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a school and its super-user. The settings are written last: before them there is no school, and a call that
/// was cut short is made good by the same call again. `Conflict` when the school is there.
pub async fn create_school(
    store: &Store,
    id: SchoolId,
    settings: &Settings,
    user: &User,
) -> Result<(), FoundError> {
    match store.create_user(user).await {
        Ok(()) => {}
        Err(StoreError::Conflict) if store.user(user.id).await?.is_some() => {}
        Err(StoreError::Conflict) => return Err(FoundError::UsernameTaken),
        Err(e) => return Err(e.into()),
    }
    let school = store.school(Access::of_operator(id));
    school.add_member(user.id, Roles::all()).await?;
    Ok(school.create(settings).await?)
}

/// Makes an API key of a school that is there. The secret is in `token` only: we keep its hash.
pub async fn create_key(
    store: &Store,
    id: SchoolId,
    token: &ApiToken,
    name: &str,
    scopes: &[Scope],
    now_ms: i64,
) -> Result<(), FoundError> {
    let school = store.school(Access::of_operator(id));
    school.settings().await.map_err(|e| match e {
        StoreError::NotFound(_) => FoundError::NoSchool,
        e => e.into(),
    })?;
    let scopes: Vec<String> = scopes.iter().map(|scope| scope.code().to_owned()).collect();
    school.create_api_key(token, name, &scopes, now_ms).await?;
    Ok(())
}

/// Switches off a user's second step and ends their sessions; noted in the log of each of their schools.
pub async fn reset_second_factor(store: &Store, now_ms: i64, username: &str) -> Result<(), FoundError> {
    let user = store.user_by_username(username).await?.ok_or(FoundError::NoUser)?;
    let mut after = user.clone();
    after.account.second_factor = None;
    after.account.epoch = after.account.epoch.wrapping_add(1);
    store.change_user(&user, &after).await?;
    let deed = Deed {
        who: Who::Operator,
        from: String::new(),
        act: Act::SecondFactorOff,
        on: user.id.to_string(),
        changes: Vec::new(),
    };
    for school in &user.schools {
        store.school(Access::of_operator(*school)).record(&deed, now_ms).await?;
    }
    Ok(())
}
