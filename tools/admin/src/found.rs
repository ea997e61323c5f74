//! Founding a school: its settings, its super-user, its API keys.

use domain::audit::{Act, AuditEvent, Change, Who};
use domain::ids::SchoolId;
use domain::people::Scope;
use domain::settings::Settings;
use store::{Access, ApiToken, School, Store, StoreError, User};

/// Nothing, or not all, was made.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// Usernames are unique across schools, in any capitals.
    #[error("that username is taken, or one that looks like it: give another --username")]
    UsernameTaken,
    /// E-mail addresses are unique across schools too.
    #[error(
        "somebody is known by that e-mail address already, at this school or another: give another --email"
    )]
    EmailKnown,
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

/// Makes a school and its super-user, or nothing. `Conflict` when the school is there.
pub async fn create_school(
    store: &Store,
    id: SchoolId,
    settings: &Settings,
    user: &User,
    now_ms: i64,
) -> Result<(), FoundError> {
    is_free(store, user).await?;
    let named = Change::of("name", "", &settings.name);
    let super_user = Change::of("super-user", "", &Who::User(user.id.to_string()).code());
    let changes = named.into_iter().chain(super_user).collect();
    let event = by_operator(Act::SchoolCreated, "", changes);
    match store.school(Access::of_operator(id)).members().create_school(settings, user, &event, now_ms).await
    {
        Err(StoreError::Conflict) => {
            // Somebody was faster: say what they took.
            is_free(store, user).await?;
            Err(StoreError::Conflict.into())
        }
        done => Ok(done?),
    }
}

/// Whether nobody has the user's name or e-mail address.
async fn is_free(store: &Store, user: &User) -> Result<(), FoundError> {
    if store.username_taken(&user.username).await? {
        return Err(FoundError::UsernameTaken);
    }
    match store.user_by_email(&user.email).await? {
        Some(_) => Err(FoundError::EmailKnown),
        None => Ok(()),
    }
}

/// An event by the person who runs the command.
pub(crate) fn by_operator(act: Act, on: impl Into<String>, changes: Vec<Change>) -> AuditEvent {
    AuditEvent { who: Who::Operator, from: String::new(), act, on: on.into(), changes }
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
    let school = school_of(store, id).await?;
    let scopes: Vec<String> = scopes.iter().map(|scope| scope.code().to_owned()).collect();
    school.api_keys().create(token, name, &scopes, now_ms).await?;
    Ok(())
}

/// A school that is there.
pub(crate) async fn school_of(store: &Store, id: SchoolId) -> Result<School, FoundError> {
    let school = store.school(Access::of_operator(id));
    match school.settings().get().await {
        Ok(_) => Ok(school),
        Err(StoreError::NotFound(_)) => Err(FoundError::NoSchool),
        Err(e) => Err(e.into()),
    }
}

/// Switches off a user's second step and ends their sessions; noted in the log of each of their schools.
pub async fn reset_second_factor(store: &Store, now_ms: i64, username: &str) -> Result<(), FoundError> {
    let user = store.user_by_username(username).await?.ok_or(FoundError::NoUser)?;
    let mut after = user.clone();
    after.account.second_factor = None;
    after.account.epoch = after.account.epoch.wrapping_add(1);
    store.change_user(&user, &after).await?;
    let event = by_operator(Act::SecondFactorOff, user.id.to_string(), Vec::new());
    for school in &user.schools {
        store.school(Access::of_operator(*school)).audit().record(&event, now_ms).await?;
    }
    Ok(())
}
