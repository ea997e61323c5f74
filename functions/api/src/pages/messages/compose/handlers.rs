//! The compose page at work: each button of its form, and the parts that its script asks for.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::approval::Release;
use domain::channel::Channel;
use domain::content::SmsContent;
use domain::email::EmailAddress;
use domain::ids::MessageId;
use domain::message::{Message, MessageState, Purpose};
use domain::people::Action;
use http::StatusCode;
use serde::Deserialize;

use super::{
    Check, Chosen, ComposePage, ConfirmPage, Draft, FoundPart, LivePart, Parts, PinPage, expect, find,
    problems,
};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, FieldError, Result};
use crate::forms::FormFields;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::services::attendance::too_old;
use crate::services::submit::{
    Checked, GivenPin, Origin, PinRejected, Staff, Submission, Submitted, idempotency, release_rule, submit,
};
use crate::state::ApiState;

/// Longest key of a form.
const MAX_KEY: usize = 100;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/send", get(show).post(press))
        .route("/send/live", post(live))
        .route("/send/find", get(found))
}

#[derive(Deserialize)]
struct ToSend {
    /// Somebody or a group to begin with, as the form spells it.
    to: Option<String>,
}

async fn show(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<ToSend>) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::SEND).await?;
    let book = context.book(&state, &by.school).await?;
    let mut draft = Draft::preferred(&context.settings, &by.person.account.compose);
    draft.to.extend(asked.to.as_deref().and_then(Chosen::parse));
    Form::new(context, &book, draft, state.ids().secret(), 0).compose(String::new(), false)
}

/// The page with a form that another page has filled in.
pub(crate) fn begin(
    state: &ApiState,
    context: PageContext,
    book: &PageBook,
    draft: Draft,
) -> Result<Response> {
    Form::new(context, book, draft, state.ids().secret(), 0).compose(String::new(), false)
}

#[derive(Deserialize)]
struct ToFind {
    #[serde(default)]
    q: String,
}

async fn found(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<ToFind>) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::SEND).await?;
    let book = context.book(&state, &by.school).await?;
    html(&FoundPart { found: find(&book, &asked.q), find: asked.q })
}

async fn live(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::Compose)?;
    may_use(&by, &form)?;
    let context = PageContext::load(&state, &by, NavItem::SEND).await?;
    let book = context.book(&state, &by.school).await?;
    let mut form = Form::read(context, &book, &form);
    form.look_at_marks(state.now_ms());
    html(&LivePart { check: form.check() })
}

/// 403 for a form with a channel that its user may not use.
fn may_use(by: &SignedIn, form: &FormFields) -> Result<()> {
    let needed = Channel::ALL.into_iter().filter(|channel| form.has(channel.code()));
    needed.filter_map(|channel| channel.facts().needs).try_for_each(|action| by.may(action))
}

/// A button of the form was pressed.
async fn press(State(state): State<ApiState>, Posted { by, form: fields }: Posted) -> Result<Response> {
    by.may(Action::Compose)?;
    may_use(&by, &fields)?;
    let context = PageContext::load(&state, &by, NavItem::SEND).await?;
    let book = context.book(&state, &by.school).await?;
    let mut form = Form::read(context, &book, &fields);
    form.look_at_marks(state.now_ms());
    let adding = fields.has("add") || fields.has("remove");
    match fields.text("do") {
        _ if adding => form.compose(String::new(), false),
        "edit" | "why" => form.compose(String::new(), false),
        "find" => form.compose(fields.text("find").to_owned(), false),
        "mend" => {
            form.mend();
            form.compose(String::new(), false)
        }
        _ if !form.checked.problems.is_empty() => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, form.compose(String::new(), true)?).into_response())
        }
        button @ ("send" | "pin") => {
            if let Some(words) = form.changed(fields.text("expect")) {
                return form.confirm(Some(words));
            }
            let pin = match button {
                "pin" => Some(given_pin(&fields)?),
                _ => None,
            };
            Box::pin(form.submit(&state, &by, pin)).await
        }
        // Enter in a field, another person to look at, no script: look before it goes.
        _ => form.confirm(None),
    }
}

/// The posted form, read and reckoned up.
struct Form<'b> {
    context: PageContext,
    /// Where replies to the school's e-mail go.
    reply_to: String,
    book: &'b PageBook,
    draft: Draft,
    key: String,
    person: usize,
    /// Of whom it is asked why they get it, or not.
    why: String,
    checked: Checked,
}

impl<'b> Form<'b> {
    fn new(
        mut context: PageContext,
        book: &'b PageBook,
        mut draft: Draft,
        key: String,
        person: usize,
    ) -> Self {
        draft.fit(book);
        let mut checked = Checked::new(book, &draft.message(&context.limit), &context.settings);
        let reply_to = context.settings.email_reply_to.clone();
        if draft.on.contains(&Channel::Email) && !draft.reply_to.is_empty() {
            // A message is sent with the settings that it was accepted with: for this one replies go elsewhere.
            match EmailAddress::parse(&draft.reply_to) {
                Ok(address) => address.as_str().clone_into(&mut context.settings.email_reply_to),
                Err(e) => checked.problems.push(FieldError::new("email.reply_to", e.to_string())),
            }
        }
        Self { context, reply_to, book, draft, key, person, why: String::new(), checked }
    }

    fn read(context: PageContext, book: &'b PageBook, fields: &FormFields) -> Self {
        let key: String = fields.text("key").chars().take(MAX_KEY).collect();
        let person = fields.text("person").parse().unwrap_or(0);
        let why = fields.text("why").chars().take(MAX_KEY).collect();
        Self { why, ..Self::new(context, book, Draft::read(fields), key, person) }
    }

    /// A message about marks waits for ones that are new enough.
    fn look_at_marks(&mut self, now_ms: i64) {
        let PageContext { settings, standing, .. } = &self.context;
        let why = too_old(standing, settings, self.draft.about, now_ms);
        self.checked.problems.extend(why.map(|why| FieldError::new("about", why)));
    }

    /// What the form says, to nobody whom its user may not message.
    fn message(&self) -> Message {
        self.draft.message(&self.context.limit)
    }

    fn check(&self) -> Check {
        let message = self.message();
        let check = Check::new(self.book, &message, &self.checked, &self.context.settings, self.person)
            .asked_about(self.book, &message, &self.checked.plan, &self.why);
        match release_rule(self.context.sender, &message, &self.checked.costing, &self.context.settings) {
            Release::Now => check,
            Release::Pin => check.with_pin(),
            Release::Wait(why) => check.handed_in(why),
        }
    }

    fn compose(self, find: String, tell: bool) -> Result<Response> {
        html(&ComposePage::new(self.context.frame.clone(), self.parts(find, tell)))
    }

    fn confirm(self, changed: Option<String>) -> Result<Response> {
        html(&ConfirmPage::new(self.context.frame.clone(), self.parts(String::new(), false), changed))
    }

    fn parts(&self, find: String, tell: bool) -> Parts<'_> {
        Parts {
            book: self.book,
            draft: &self.draft,
            key: self.key.clone(),
            find,
            check: self.check(),
            reply_to: self.reply_to.clone(),
            account: self.account(),
            problems: if tell { problems(&self.checked) } else { Vec::new() },
        }
    }

    /// The account on X on which the user may post.
    fn account(&self) -> Option<String> {
        let account = self.context.settings.x.as_ref().map(|account| account.name.clone());
        account.filter(|_| self.context.sender.rights.may(Action::Tweet))
    }

    /// Puts plain characters for typographic ones, as its button offered.
    fn mend(&mut self) {
        self.draft.texts.sms = self.draft.texts.sms.as_ref().map(SmsContent::with_plain_characters);
        self.checked = Checked::new(self.book, &self.message(), &self.context.settings);
    }

    /// What changed since the user pressed *Send*.
    fn changed(&self, seen: &str) -> Option<String> {
        let now = expect(&self.checked.costing);
        (seen != now).then(|| {
            if seen.is_empty() {
                "Look it over before it goes.".to_owned()
            } else {
                "Who gets it, or what it costs, is not what the page showed a moment ago. Look again before it goes."
                    .to_owned()
            }
        })
    }

    fn submission<'a>(&'a self, by: &'a SignedIn, pin: Option<GivenPin<'a>>) -> Result<Submission<'a>> {
        let message = self.message();
        let request = serde_json::to_vec(&message).map_err(ApiError::internal)?;
        // A page loaded without a key cannot be sent twice by mistake, only by pressing twice.
        let idempotency =
            (!self.key.is_empty()).then(|| idempotency(&format!("page {}", by.user), &self.key, &request));
        let origin = Origin::Staff(Staff { by, checked: &self.checked, pin });
        Ok(Submission { message, settings: self.context.settings.clone(), origin, idempotency })
    }

    async fn submit(self, state: &ApiState, by: &SignedIn, pin: Option<GivenPin<'_>>) -> Result<Response> {
        match submit(state, self.submission(by, pin)?).await? {
            Submitted::Accepted { id, state } => Ok(accepted(id, state)),
            Submitted::PinAsked(id) => self.ask_pin(id, None),
            Submitted::PinRejected(id, why) => {
                Ok((StatusCode::UNPROCESSABLE_ENTITY, self.ask_pin(id, Some(why))?).into_response())
            }
        }
    }

    fn ask_pin(self, id: MessageId, why: Option<PinRejected>) -> Result<Response> {
        let app = self.context.sender.second_factor && self.draft.purpose == Purpose::Emergency;
        html(&PinPage::new(self.context.frame.clone(), self.parts(String::new(), false), id, app, why))
    }
}

fn given_pin(fields: &FormFields) -> Result<GivenPin<'_>> {
    let message = fields.text("pin_for").parse().map_err(|_| ApiError::NotFound)?;
    Ok(GivenPin { message, code: fields.text("pin") })
}

/// Where to go after a message is accepted.
fn accepted(id: MessageId, state: MessageState) -> Response {
    let done = if state == MessageState::AwaitingAuthorisation { "waits" } else { "sent" };
    Redirect::to(&format!("/messages/{id}?done={done}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::kit::frame::Frame;
    use crate::pages::kit::lines::samples::local;
    use crate::pages::messages::compose::samples;

    fn form(book: &PageBook, draft: Draft) -> Form<'_> {
        let context = PageContext {
            settings: samples::settings(),
            frame: Frame::sample(NavItem::SEND),
            local: local(),
            limit: domain::limit::Limit::default(),
            sender: samples::sender(),
            standing: store::SyncStanding::default(),
        };
        Form::new(context, book, draft, "key".into(), 0)
    }

    #[test]
    fn a_message_goes_only_as_it_was_seen() {
        let book = samples::book();
        let form = form(&book, samples::draft());
        let seen = form.check().expect;
        assert_eq!(form.changed(&seen), None);
        assert!(form.changed("").is_some() && form.changed("0-0-0-0-0-0").is_some());
    }

    #[test]
    fn mending_takes_out_typography_only() {
        let book = samples::book();
        let mut draft = samples::draft();
        draft.texts.sms =
            Some(SmsContent { header: "Siân’s".into(), text: "It’s “on” – see you…".into() });
        let mut form = form(&book, draft);
        form.mend();
        let sms = form.draft.texts.sms.unwrap();
        assert_eq!((sms.header.as_str(), sms.text.as_str()), ("Siân's", "It's \"on\" - see you..."));
    }
}
