//! A signed-in member of staff.

use axum::extract::{FromRequest, FromRequestParts, Request};
use domain::audit::{Act, AuditEvent, Change, Who};
use domain::ids::UserId;
use domain::limit::Limit;
use domain::people::{Action, Page, Rights, Standing, Switches};
use http::Method;
use http::request::Parts;
use store::{Author, Lifetime, Membership, Owes, School, Session, User};
use subtle::ConstantTimeEq;

use super::cookie::session_token;
use super::origin::check_same_origin;
use super::standards;
use crate::address::ClientAddress;
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::state::ApiState;

/// Eight hours after the last request, a day at most.
pub(crate) const LIFETIME: Lifetime = Lifetime { idle_ms: 8 * 3_600_000, longest_ms: 24 * 3_600_000 };

/// A member of staff who is signed in, and their school.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Their school's rows.
    pub school: School,
    /// Who they are.
    pub user: UserId,
    /// Forename and surname.
    pub name: String,
    /// Their row, as it is now.
    pub person: User,
    /// Their place in the school, as it is now.
    pub membership: Membership,
    /// What the school has switched on.
    pub switches: Switches,
    /// The session that they are in.
    pub session: Session,
    /// What they must do before anything else opens.
    pub(crate) owes: Option<Owes>,
    /// Network address that the request came from, for the log.
    pub from: String,
    /// Goes into every form as the field `csrf`, and into every posting script's header `x-csrf-token`.
    pub csrf: String,
}

impl SignedIn {
    /// What they may open and do.
    pub fn rights(&self) -> Rights {
        Rights::new(self.membership.roles(), self.switches).linked(!self.membership.groups().is_empty())
    }

    /// Whom they may see and message.
    pub fn limit(&self) -> Limit {
        Limit::to_groups(self.membership.groups())
    }

    /// 403 unless they may open this page.
    pub fn opens(&self, page: Page) -> Result<()> {
        if self.rights().may_open(page) { Ok(()) } else { Err(not_given("open this page")) }
    }

    /// 403 unless they may do this.
    pub fn may(&self, action: Action) -> Result<()> {
        if self.rights().may(action) { Ok(()) } else { Err(not_given("do this")) }
    }

    /// 403 unless they may see this author's message: their own, or every message of the school's.
    pub fn sees_message_of(&self, author: &Author) -> Result<()> {
        if author.id == self.user.to_string() { self.opens(Page::Own) } else { self.opens(Page::History) }
    }

    /// An event of theirs for the audit log.
    pub fn audit_event(&self, act: Act, on: impl Into<String>, changes: Vec<Change>) -> AuditEvent {
        let who = Who::User(self.user.to_string());
        AuditEvent { who, from: self.from.clone(), act, on: on.into(), changes }
    }

    /// As the history names them.
    pub fn author(&self) -> Author {
        Author { id: self.user.to_string(), name: self.name.clone() }
    }
}

impl FromRequestParts<ApiState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self> {
        let Arriving(by) = Box::pin(Arriving::from_request_parts(parts, state)).await?;
        match by.owes {
            None => Ok(by),
            Some(owes) => Err(ApiError::First { path: path_of(owes) }),
        }
    }
}

/// Where what a session owes is done.
pub(crate) const fn path_of(owes: Owes) -> &'static str {
    match owes {
        Owes::School => "/school",
        Owes::Password => "/change-password",
        Owes::SecondFactor => "/preferences/second-factor",
    }
}

/// Somebody whose password and second factor were right, whatever they must do before anything else opens. Only the
/// pages on which that is done take this.
#[derive(Debug, Clone)]
pub(crate) struct Arriving(pub(crate) SignedIn);

impl FromRequestParts<ApiState> for Arriving {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self> {
        let Ok(address) = ClientAddress::from_request_parts(parts, state).await;
        let stranger = || ApiError::SignIn {
            next: (parts.method == Method::GET)
                .then(|| parts.uri.path_and_query().map(ToString::to_string))
                .flatten(),
        };
        let token = session_token(state, &parts.headers).ok_or_else(stranger)?;
        let session =
            state.store().find_session(token, LIFETIME, state.now_ms()).await?.ok_or_else(stranger)?;
        let school = state.store().school(session.access());
        // Read anew each time: who was disabled, lost a role or signed out everywhere, is so from the next request on.
        let (user, membership, settings) = tokio::try_join!(
            state.store().user(session.user()),
            school.members().get(session.user()),
            school.settings().get(),
        )?;
        let user = user.filter(|u| session.is_of_epoch(u.account.epoch)).ok_or_else(stranger)?;
        let membership = membership.filter(|m| m.standing() == Standing::Enabled).ok_or_else(stranger)?;
        let owes = session.owes();
        let owes = owes.or_else(|| standards::owes(settings.security, &user, &membership, state.now_ms()));
        Ok(Self(SignedIn {
            school,
            owes,
            membership,
            switches: Switches { voice: settings.voice, payments: settings.payments },
            user: user.id,
            name: user.full_name(),
            person: user,
            from: address.as_str().to_owned(),
            csrf: session.csrf().to_owned(),
            session,
        }))
    }
}

fn not_given(what: &str) -> ApiError {
    ApiError::Forbidden(format!(
        "You have not been given the right to {what}. Ask an administrator of your school."
    ))
}

/// A form posted by a signed-in member of staff from one of our own pages.
#[derive(Debug)]
pub struct Posted {
    /// Who posted it.
    pub by: SignedIn,
    /// What it holds.
    pub form: FormFields,
}

impl FromRequest<ApiState> for Posted {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self> {
        let PostedArriving { by, form } = PostedArriving::from_request(request, state).await?;
        match by.owes {
            None => Ok(Self { by, form }),
            Some(owes) => Err(ApiError::First { path: path_of(owes) }),
        }
    }
}

/// As [`Posted`], by somebody who may have to do something before anything else opens.
#[derive(Debug)]
pub(crate) struct PostedArriving {
    pub(crate) by: SignedIn,
    pub(crate) form: FormFields,
}

impl FromRequest<ApiState> for PostedArriving {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self> {
        check_same_origin(state.public_url(), request.headers())?;
        let (mut parts, body) = request.into_parts();
        let Arriving(by) = Box::pin(Arriving::from_request_parts(&mut parts, state)).await?;
        let header = parts.headers.get("x-csrf-token").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let form = FormFields::from_request(Request::from_parts(parts, body), state).await?;
        let token = form.get("csrf").map(str::to_owned).or(header).unwrap_or_default();
        if bool::from(token.as_bytes().ct_eq(by.csrf.as_bytes())) {
            Ok(Self { by, form })
        } else {
            Err(ApiError::Forbidden(
                "This page is out of date. Load it again and repeat what you did.".to_owned(),
            ))
        }
    }
}
