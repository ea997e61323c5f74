//! Managing a school's users. Every rule about who may do what to whom is asked here, whatever the page showed.

use domain::audit::{Act, Change};
use domain::email::EmailAddress;
use domain::ids::UserId;
use domain::notice::Notice;
use domain::people::{Action, Manager, Member, NotAllowed, Profile, Roles, Standing, suggest_username};
use domain::username::fold_username;
use store::{Account, MemberChange, Membership, StoreError, User};

use crate::auth::SignedIn;
use crate::error::{ApiError, Result};
use crate::services::jobs;
use crate::state::ApiState;

/// People of one name for whom a username is looked for.
const NAMESAKES: usize = 50;

/// One change of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Other roles.
    Roles(Roles),
    /// Disabled, enabled or deleted.
    Standing(Standing),
    /// Linked to these groups; none for no limit.
    Groups(Vec<String>),
}

/// Somebody to make a user.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// What they will sign in with.
    pub username: String,
    /// Where their mail goes.
    pub email: EmailAddress,
    /// Given name.
    pub forename: String,
    /// Family name.
    pub surname: String,
}

/// What became of adding somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// They are a member; `mailed` unless the e-mail could not be queued.
    Done {
        /// Who.
        user: UserId,
        /// Whether they were written to.
        mailed: bool,
    },
    /// Another has that username, or one that looks like it.
    UsernameTaken,
    /// Somebody has that e-mail address by now.
    EmailKnown,
}

fn refused(why: NotAllowed) -> ApiError {
    ApiError::Forbidden(why.to_string())
}

/// The right of whoever asks to manage others; 403 without it.
pub fn manager(by: &SignedIn) -> Result<Manager> {
    by.may(Action::ManageUsers)?;
    Manager::new(Member { roles: by.rights().roles(), ..by.membership.member() }).map_err(refused)
}

/// A member of the school. 404 for anybody else, and for who was deleted.
pub async fn member_of(by: &SignedIn, id: UserId) -> Result<Membership> {
    let member = by.school.members().get(id).await?.filter(|member| member.standing() != Standing::Deleted);
    member.ok_or(ApiError::NotFound)
}

/// Changes a member. 403 where [`Manager`] does not allow it; 409 if they, or the rights of whoever asks, are no longer
/// as they were read.
pub async fn edit(state: &ApiState, by: &SignedIn, of: &Membership, edit: Edit) -> Result<()> {
    let manager = manager(by)?;
    let before = of.as_change();
    let (after, act, change) = match edit {
        Edit::Roles(roles) => {
            manager.may_set_roles(&of.member(), roles).map_err(refused)?;
            let change = Change::of("roles", &codes(of.roles()), &codes(roles));
            (MemberChange { roles, ..before }, Act::RolesChanged, change)
        }
        Edit::Standing(standing) => {
            manager.may_touch(&of.member()).map_err(refused)?;
            let act = match standing {
                Standing::Enabled => Act::UserEnabled,
                Standing::Disabled => Act::UserDisabled,
                Standing::Deleted => Act::UserDeleted,
            };
            let change = Change::of("standing", standing_code(of.standing()), standing_code(standing));
            (MemberChange { standing, ..before }, act, change)
        }
        Edit::Groups(groups) => {
            manager.may_touch(&of.member()).map_err(refused)?;
            let change = Change::of("groups", &of.groups().join(", "), &groups.join(", "));
            (MemberChange { groups, ..before }, Act::GroupsLinked, change)
        }
    };
    let Some(change) = change else { return Ok(()) };
    let event = by.audit_event(act, of.user().to_string(), vec![change]);
    Ok(by.school.members().change(&by.membership, of, after, &event, state.now_ms()).await?)
}

/// Makes a user who is known elsewhere a member of this school too, at once, and reminds them of their username.
pub async fn link(state: &ApiState, by: &SignedIn, user: UserId, roles: Roles) -> Result<Added> {
    manager(by)?.may_give(roles).map_err(refused)?;
    let given = Change::of("roles", "", &codes(roles)).into_iter().collect();
    let event = by.audit_event(Act::UserLinked, user.to_string(), given);
    let change = MemberChange { roles, standing: Standing::Enabled, groups: Vec::new() };
    match by.school.members().add_recorded(&by.membership, user, change, &event, state.now_ms()).await {
        Ok(()) => {}
        // Pressed twice, or somebody else was faster: they are in.
        Err(StoreError::Conflict) if member_of(by, user).await.is_ok() => {
            return Ok(Added::Done { user, mailed: true });
        }
        Err(other) => return Err(other.into()),
    }
    Ok(Added::Done { user, mailed: told(state, by, Notice::Linked { user }).await })
}

/// Makes a new user and member in one step, and mails them a link to set their password. The same request again finds
/// the user that the first one made.
pub async fn create(state: &ApiState, by: &SignedIn, new: NewUser, roles: Roles) -> Result<Added> {
    manager(by)?.may_give(roles).map_err(refused)?;
    let now_ms = state.now_ms();
    let user = User {
        id: UserId::new(state.ids().ulid(now_ms)),
        username: new.username,
        email: new.email,
        forename: new.forename,
        surname: new.surname,
        password_hash: String::new(),
        created_ms: now_ms,
        account: Account::default(),
        schools: Vec::new(),
    };
    let given = Change::of("roles", "", &codes(roles)).into_iter().collect();
    let event = by.audit_event(Act::UserCreated, user.id.to_string(), given);
    let change = MemberChange { roles, standing: Standing::Enabled, groups: Vec::new() };
    match by.school.members().add_new_user(&by.membership, &user, change, &event, now_ms).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => return taken(state, by, &user).await,
        Err(other) => return Err(other.into()),
    }
    let mailed = told(state, by, Notice::Welcome { user: user.id }).await;
    Ok(Added::Done { user: user.id, mailed })
}

/// Why a user could not be made.
async fn taken(state: &ApiState, by: &SignedIn, wanted: &User) -> Result<Added> {
    if let Some(known) = state.store().user_by_email(&wanted.email).await? {
        let same = fold_username(&known.username) == fold_username(&wanted.username);
        return Ok(if same && member_of(by, known.id).await.is_ok() {
            Added::Done { user: known.id, mailed: true }
        } else {
            Added::EmailKnown
        });
    }
    if state.store().username_taken(&wanted.username).await? {
        return Ok(Added::UsernameTaken);
    }
    Err(StoreError::Conflict.into())
}

/// Mails a member their link once more: to set a first password, or another.
pub async fn send_link(state: &ApiState, by: &SignedIn, of: &Membership) -> Result<()> {
    manager(by)?.may_touch(&of.member()).map_err(refused)?;
    let user = state.store().user(of.user()).await?.ok_or(ApiError::NotFound)?;
    let notice = if user.password_hash.is_empty() {
        Notice::Welcome { user: user.id }
    } else {
        Notice::PasswordLink { user: user.id }
    };
    // In the log first: a link that went out unnoticed would be worse than a row about one that was lost.
    let event = by.audit_event(Act::PasswordLinkSent, user.id.to_string(), Vec::new());
    by.school.audit().record(&event, state.now_ms()).await?;
    jobs::notify(state, by.school.id(), notice).await
}

/// Whether a notice was queued. What it is about is done, so a lost one is no failure: it can be sent again by hand.
async fn told(state: &ApiState, by: &SignedIn, notice: Notice) -> bool {
    let told = jobs::notify(state, by.school.id(), notice).await;
    if let Err(error) = &told {
        tracing::warn!(%error, "notice to a user not queued");
    }
    told.is_ok()
}

/// A username for a new user that nobody has; empty if there is nothing to make one of.
pub async fn suggest(state: &ApiState, establishment: &str, forename: &str, surname: &str) -> Result<String> {
    for nth in 1..NAMESAKES {
        let name = suggest_username(establishment, forename, surname, nth);
        if name.is_empty() || !state.store().username_taken(&name).await? {
            return Ok(name);
        }
    }
    Ok(String::new())
}

/// Built-in profiles and the school's own, in the order in which they are offered.
pub async fn profiles(by: &SignedIn) -> Result<Vec<Profile>> {
    let own = by.school.profiles().list().await?.into_iter().map(|own| own.profile);
    Ok(Profile::built_in().into_iter().chain(own).collect())
}

/// Roles as the audit log has them.
pub fn codes(roles: Roles) -> String {
    roles.iter().map(domain::people::Role::code).collect::<Vec<_>>().join(" ")
}

const fn standing_code(standing: Standing) -> &'static str {
    match standing {
        Standing::Enabled => "enabled",
        Standing::Disabled => "disabled",
        Standing::Deleted => "deleted",
    }
}
