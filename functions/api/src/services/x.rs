//! Linking the school's account on X, and unlinking it.

use std::sync::Arc;
use std::time::Duration;

use channels::port::{Access, AccountLinker, ChannelError, LinkedAccount, Nonce};
use channels::x::{X, XConfig};
use domain::audit::{Act, Change};
use domain::people::Action;
use domain::settings::XAccount;
use runtime::{Config, http_client};
use store::{StoreError, XAccess, XRequest};

use crate::auth::SignedIn;
use crate::error::Result;
use crate::state::ApiState;

/// How long a person may take to allow the link, in milliseconds.
const TIME_MS: i64 = 15 * 60_000;

/// Links to X cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot reach X: {0}")]
pub struct NoX(String);

/// What links accounts, if the configuration names the product's key at X.
pub fn x_linker(config: &Config) -> std::result::Result<Option<Arc<dyn AccountLinker>>, NoX> {
    let Some(x) = &config.x else { return Ok(None) };
    let call_ms = config.timing.call_ms;
    let product = XConfig {
        consumer_key: x.consumer_key.clone(),
        consumer_secret: x.consumer_secret.clone(),
        base_url: x.base_url.clone(),
        deadline: Duration::from_millis(call_ms),
    };
    let http = http_client(call_ms).map_err(|e| NoX(e.to_string()))?;
    Ok(Some(Arc::new(X::new(http, &product).map_err(|e| NoX(e.to_string()))?)))
}

/// Why no account was linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotLinked {
    /// The product has no key.
    #[error(
        "Messenger has no key for X here, so no account can be linked. Tell the people who run Messenger for you."
    )]
    NoKey,
    /// There is one.
    #[error("An account is linked already. Unlink it first, then link the other.")]
    Another,
    /// No answer, or one that made no sense.
    #[error("X did not answer as it should. Nothing was changed. Try again in a few minutes.")]
    NoAnswer,
    /// X does not know the product or the request.
    #[error(
        "X refused the link. Nothing was changed. Try again; if it keeps happening, tell the people \
         who run Messenger for you."
    )]
    Refused,
    /// Another session's, used before, or too late.
    #[error("This return from X is out of date or was not started here. Nothing was changed. Start again.")]
    Stale,
    /// The person said no.
    #[error("The request was declined on X, so no account is linked.")]
    Denied,
}

impl From<ChannelError> for NotLinked {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Refused { status: 400..=499 } => Self::Refused,
            _ => Self::NoAnswer,
        }
    }
}

/// What X sends a browser back with.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Back {
    state: String,
    oauth_token: String,
    oauth_verifier: String,
    denied: String,
}

/// Begins a link. Says where the person allows it on X.
pub async fn begin(state: &ApiState, by: &SignedIn) -> Result<std::result::Result<String, NotLinked>> {
    let Some(x) = state.x() else { return Ok(Err(NotLinked::NoKey)) };
    if by.school.settings().get().await?.x.is_some() {
        return Ok(Err(NotLinked::Another));
    }
    let secret = state.ids().secret();
    let callback = format!("{}/settings/x/back?state={secret}", state.public_url());
    let now_ms = state.now_ms();
    let begun = match x.begin(&callback, Nonce { text: &state.ids().secret(), at_ms: now_ms }).await {
        Ok(begun) => begun,
        Err(error) => {
            tracing::warn!(%error, "link to X not begun");
            return Ok(Err(error.into()));
        }
    };
    let Access { token, secret: signs } = begun.request;
    let request = XRequest::new(token, signs, &secret, &by.csrf, now_ms + TIME_MS);
    by.school.x().begin_link(by.user, &request).await?;
    Ok(Ok(begun.authorise_url))
}

/// Ends a link that this session began: the account's name.
pub async fn finish(
    state: &ApiState,
    by: &SignedIn,
    back: &Back,
) -> Result<std::result::Result<String, NotLinked>> {
    let Some(x) = state.x() else { return Ok(Err(NotLinked::NoKey)) };
    let now_ms = state.now_ms();
    let denied = !back.denied.is_empty();
    let token = if denied { &back.denied } else { &back.oauth_token };
    let taken = by.school.x().take_link(by.user, token, &back.state, &by.csrf, now_ms).await?;
    let Some(request) = taken else { return Ok(Err(NotLinked::Stale)) };
    by.may(Action::ChangeSettings)?;
    if denied || back.oauth_verifier.is_empty() {
        return Ok(Err(NotLinked::Denied));
    }
    let request = Access { token: request.token, secret: request.secret };
    let nonce = state.ids().secret();
    let linked = match x.finish(&request, &back.oauth_verifier, Nonce { text: &nonce, at_ms: now_ms }).await {
        Ok(linked) => linked,
        Err(error) => {
            tracing::warn!(%error, "link to X not ended");
            return Ok(Err(error.into()));
        }
    };
    let LinkedAccount { id, name, access } = linked;
    let before = by.school.settings().get().await?;
    if before.x.is_some() {
        return Ok(Err(NotLinked::Another));
    }
    let event =
        by.audit_event(Act::XLinked, "", Change::of("x", "", &format!("@{name}")).into_iter().collect());
    let kept = XAccess { account: id.clone(), token: access.token, secret: access.secret };
    match by.school.x().link(&before, XAccount { id, name: name.clone() }, &kept, &event, now_ms).await {
        Ok(()) => Ok(Ok(name)),
        // Somebody changed the settings, or linked an account, at this very moment.
        Err(StoreError::Conflict) => Ok(Err(NotLinked::Stale)),
        Err(e) => Err(e.into()),
    }
}

/// Takes the link away; nothing where there is none.
pub async fn unlink(state: &ApiState, by: &SignedIn) -> Result<()> {
    let before = by.school.settings().get().await?;
    let Some(account) = &before.x else { return Ok(()) };
    let change = Change::of("x", &format!("@{}", account.name), "");
    let event = by.audit_event(Act::XUnlinked, "", change.into_iter().collect());
    Ok(by.school.x().unlink(&before, &event, state.now_ms()).await?)
}
