//! The school's API keys: a list, a form for another one, and the one time that a secret is shown.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use domain::people::{Action, Scope};
use store::{ApiKey, KeyKind};

use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::pages::kit::ask::{Ask, AskPage};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::done::{AskedDone, Done};
use crate::pages::kit::form::{Choice, Field, Problem, error_of, problems};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::pages::kit::words::LocalTime;
use crate::services::keys::{create, known, may_replace, revoke, rotate, scopes_of, terms, withheld};
use crate::state::ApiState;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/settings/keys", get(show).post(make))
        .route("/settings/keys/{id}/rotate", post(replace))
        .route("/settings/keys/{id}/revoke", post(take_away))
}

#[derive(Template)]
#[template(path = "keys.html")]
pub(crate) struct KeysPage {
    frame: Frame,
    notice: Option<String>,
    problems: Vec<Problem>,
    keys: Vec<KeyView>,
    name: Field,
    cap: Field,
    scopes: Vec<Choice>,
    /// Why the other scopes are not offered, a sentence each.
    withheld: Vec<String>,
    scope_error: Option<String>,
    kinds: Vec<Choice>,
}

/// One key in the list.
struct KeyView {
    name: String,
    /// The public part, as its holder has it.
    begins: String,
    path: String,
    /// Whether whoever looks may be shown another secret of it.
    replaceable: bool,
    scopes: String,
    kind: &'static str,
    /// Why it opens nothing now; empty if it does.
    shut: &'static str,
    cap: String,
    made: String,
    used: String,
    former: Option<String>,
}

/// The only page that ever shows a secret.
#[derive(Template)]
#[template(path = "key_shown.html")]
pub(crate) struct KeyShownPage {
    frame: Frame,
    name: String,
    token: String,
    /// Whether an earlier secret works on for a day.
    rotated: bool,
}

const REVOKED: Done = Done::new("revoked", "The key is revoked: from now on it opens nothing.");

async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Query(asked): Query<AskedDone>,
) -> Result<Response> {
    let page = page(&state, &by, &FormFields::default(), Vec::new()).await?;
    html(&KeysPage { notice: asked.words(&[REVOKED]), ..page })
}

async fn page(state: &ApiState, by: &SignedIn, form: &FormFields, wrong: Vec<Problem>) -> Result<KeysPage> {
    let context = PageContext::load(state, by, NavItem::SETTINGS).await?;
    let keys = by.school.api_keys().list().await?;
    let let_in = |kind: KeyKind| kind.is_let_in(&context.settings);
    let views = keys.iter().map(|key| KeyView {
        replaceable: may_replace(by, key).is_ok(),
        ..KeyView::new(key, &context.local, let_in(key.kind()), state.now_ms())
    });
    let views = views.collect();
    let page = KeysPage::new(context.frame, views, form, wrong);
    let (offered, others): (Vec<Scope>, Vec<Scope>) =
        Scope::ALL.into_iter().partition(|scope| withheld(by, [*scope]).is_empty());
    let scopes = page.scopes.into_iter().filter(|c| offered.iter().any(|scope| scope.code() == c.value));
    Ok(KeysPage { scopes: scopes.collect(), withheld: withheld(by, others), ..page })
}

async fn make(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let made = match terms(&form) {
        Ok(terms) => match create(&state, &by, terms).await {
            Err(ApiError::Invalid { errors, .. }) => Err(errors),
            made => Ok(made?),
        },
        Err(errors) => Err(errors),
    };
    match made {
        Ok((key, token)) => shown(&state, &by, &key, token.reveal(), false).await,
        Err(errors) => invalid(&page(&state, &by, &form, problems(errors)).await?),
    }
}

async fn shown(
    state: &ApiState,
    by: &SignedIn,
    key: &ApiKey,
    token: String,
    rotated: bool,
) -> Result<Response> {
    let context = PageContext::load(state, by, NavItem::SETTINGS).await?;
    html(&KeyShownPage { frame: context.frame, name: key.name().to_owned(), token, rotated })
}

async fn replace(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let key = known(&by, &id).await?;
    may_replace(&by, &key)?;
    if form.text("sure") != "yes" {
        let words = "You get a new secret to give to the system that uses the key. The present one goes on working for \
                     24 hours; one from an earlier replacement stops at once.";
        let question =
            Ask::new("rotate", "Replace the secret of", "Replace the secret", "Keep it").words(words);
        return ask(&state, &by, &key, Ask { harmless: true, ..question }).await;
    }
    let token = rotate(&state, &by, &key).await?;
    shown(&state, &by, &key, token.reveal(), true).await
}

async fn take_away(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let key = known(&by, &id).await?;
    if form.text("sure") != "yes" {
        let words =
            "The system that uses it can do nothing more, from this moment on. This cannot be undone.";
        let question = Ask::new("revoke", "Revoke", "Revoke the key", "Keep it").words(words);
        return ask(&state, &by, &key, question).await;
    }
    revoke(&state, &by, &key).await?;
    Ok(REVOKED.at("/settings/keys"))
}

/// Asks before something is done to a key, which `ask` says without its name.
async fn ask(state: &ApiState, by: &SignedIn, key: &ApiKey, ask: Ask) -> Result<Response> {
    let context = PageContext::load(state, by, NavItem::SETTINGS).await?;
    let action = format!("/settings/keys/{}/{}", key.id(), ask.action);
    let ask = Ask { title: format!("{} “{}”?", ask.title, key.name()), action, ..ask };
    html(&AskPage::of(context.frame, ask, "/settings/keys"))
}

impl KeyView {
    fn new(key: &ApiKey, local: &LocalTime, let_in: bool, now_ms: i64) -> Self {
        Self {
            name: key.name().to_owned(),
            begins: format!("msk_{}_…", key.id()),
            path: format!("/settings/keys/{}", key.id()),
            replaceable: true,
            scopes: scopes_of(key).map(Scope::words).collect::<Vec<_>>().join(" · "),
            kind: key.kind().words(),
            shut: if let_in { "" } else { "Switched off in the account settings: it opens nothing" },
            cap: key.cap().map_or_else(|| "No limit".to_owned(), |cap| format!("{cap} messages at once")),
            made: local.when(key.created_ms()),
            used: key.last_used_ms().map_or_else(|| "Never".to_owned(), |ms| local.when(ms)),
            former: key
                .former_until_ms(now_ms)
                .map(|until| format!("The previous secret works until {}", local.when(until))),
        }
    }
}

impl KeysPage {
    fn new(frame: Frame, keys: Vec<KeyView>, form: &FormFields, problems: Vec<Problem>) -> Self {
        let ticked = |code: &str| form.all("scope").any(|scope| scope == code);
        Self {
            frame,
            notice: None,
            keys,
            name: Field::new("name", "Name", form.text("name"))
                .hint("Of the system that will use the key, such as “Website”.")
                .checked(&problems),
            cap: Field::new("cap", "Most messages at once", form.text("cap"))
                .hint("A request that would send more is refused: set what is usual.")
                .optional()
                .checked(&problems),
            scopes: Scope::ALL.map(|s| Choice::new(s.code(), s.words(), ticked(s.code()))).to_vec(),
            withheld: Vec::new(),
            scope_error: error_of(&problems, "scope"),
            kinds: KeyKind::ALL
                .map(|kind| Choice::new(kind.code(), kind.words(), kind.code() == form.text("kind")))
                .to_vec(),
            problems,
        }
    }
}

#[cfg(test)]
impl KeysPage {
    pub(crate) fn sample() -> Self {
        let view = |name: &str, kind, shut, former: Option<&str>| KeyView {
            name: name.to_owned(),
            begins: "msk_0123456789abcdef_…".to_owned(),
            path: "/settings/keys/0123456789abcdef".to_owned(),
            replaceable: true,
            scopes: "Add and change contacts · See usage".to_owned(),
            kind,
            shut,
            cap: "500 messages at once".to_owned(),
            made: "Thursday 14 May".to_owned(),
            used: "today 08:00".to_owned(),
            former: former.map(str::to_owned),
        };
        let keys = vec![
            view("Website", "Our own systems", "", Some("The previous secret works until tomorrow 08:57")),
            view("Payments", "WisePay", "Switched off in the account settings: it opens nothing", None),
        ];
        Self::new(Frame::sample(NavItem::SETTINGS), keys, &FormFields::default(), Vec::new())
    }

    pub(crate) fn sample_with_problems() -> Self {
        let wrong = vec![
            Problem::new("name", "Name the system that will use the key, in at most 60 characters."),
            Problem::new("scope", "Tick what the key may be used for, at least one of the list."),
        ];
        Self::new(Frame::sample(NavItem::SETTINGS), Vec::new(), &FormFields::parse(b"cap=5"), wrong)
    }
}

#[cfg(test)]
impl KeyShownPage {
    pub(crate) fn sample() -> Self {
        let token = format!("msk_0123456789abcdef_{}", "0".repeat(64));
        Self { frame: Frame::sample(NavItem::SETTINGS), name: "Website".to_owned(), token, rotated: true }
    }
}
