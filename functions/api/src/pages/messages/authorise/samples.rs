//! Made-up messages that wait.

use domain::approval::{Held, Recipients};
use domain::content::Part;
use domain::ids::MessageId;
use domain::message::{MessageState, Purpose};
use store::{Author, Body, Meta};

use super::*;
use crate::pages::kit::lines::samples::{local, now_ms, summary};
use crate::pages::kit::places::NavItem;
use crate::pages::messages::compose::samples::{book, draft, settings};
use crate::services::submit::{Checked, figures};

fn author() -> Author {
    Author { id: "u2".into(), name: "Olive Field".into() }
}

fn meta(why: Held) -> Meta {
    Meta {
        id: MessageId::new(ulid::Ulid::from_parts(now_ms() as u64, 1)),
        state: MessageState::AwaitingAuthorisation,
        revision: 1,
        purpose: Purpose::Service,
        author: author(),
        created_ms: now_ms() - 3_600_000,
        due_ms: None,
        nudged_ms: 0,
        waiting: 0,
        epoch: None,
        pages: 0,
        unreachable: 0,
        book: 0,
        counted_version: 0,
        counted: domain::usage::Days::new(),
        totals: domain::usage::Totals::new(),
        reason: None,
        news: 0,
        tries: 0,
        fetched: (0, 0),
        finishing: store::Finishing::default(),
        held: Some(why),
        approved: None,
        edits: Vec::new(),
        unsynced: store::Unsynced::default(),
        cap: None,
    }
}

fn edited() -> Edited {
    let by = Author { id: "u1".into(), name: "Morgan Ellis".into() };
    let parts = vec![Part::Text, Part::Subject];
    Edited { by, at_ms: now_ms() - 600_000, revision: 2, parts }
}

fn looked(why: Held) -> Looked {
    let (book, settings, draft) = (book(), settings(), draft());
    let message = draft.message(&domain::limit::Limit::default());
    let checked = Checked::new(&book, &message, &settings);
    let meta = meta(why);
    let recipients = Recipients::of(&checked.plan, &meta.id.to_string());
    let figures = figures(&checked.costing);
    // Two came, one went and one has another number since.
    let contact = |n: usize| book.contacts()[n * 9].id.clone();
    let changed = domain::approval::Changes {
        added: vec![contact(1), contact(2)],
        removed: vec![ContactId::parse("L-1").unwrap()],
        moved: vec![contact(3)],
    };
    let then = Figures { recipients: figures.recipients - 1, texts: figures.texts - 1, ..figures };
    Looked {
        first: Some(draft.message(&domain::limit::Limit::default())),
        seen: "1-sample".into(),
        control: settings.control,
        body: Body { message, settings },
        written: Some((now_ms() - 3_600_000, then)),
        since_authorised: why == Held::Grown,
        meta,
        checked,
        figures,
        recipients,
        changed,
        edits: vec![edited()],
    }
}

impl QueuePage {
    pub(crate) fn sample() -> Self {
        let summaries = [
            summary(
                1,
                "Year 9 trip: the coach is back at 16:45",
                60,
                MessageState::AwaitingAuthorisation,
                &[],
            ),
            summary(2, "Parents' evening: book by Monday", 1_500, MessageState::AwaitingAuthorisation, &[]),
        ];
        let line = |(summary, why): (&Summary, Held)| Waiting {
            message: summary.id,
            author: author(),
            why,
            since_ms: summary.created_ms,
            edited_by: (why == Held::Grown).then(|| "Morgan Ellis".to_owned()),
        };
        let waiting: Vec<Waiting> = summaries.iter().zip([Held::Role, Held::Grown]).map(line).collect();
        let notice = Some("Authorised. It is on its way.");
        Self::new(Frame::sample(NavItem::AUTHORISE), &local(), &waiting, &summaries, notice)
    }

    pub(crate) fn sample_empty() -> Self {
        Self::new(Frame::sample(NavItem::AUTHORISE), &local(), &[], &[], None)
    }
}

impl OnePage {
    fn made(asked: Asked, why: Held) -> Self {
        Self::new(Frame::sample(NavItem::AUTHORISE), &local(), &book(), &looked(why), asked)
    }

    pub(crate) fn sample() -> Self {
        let asked = Asked {
            own: false,
            not_yours: None,
            changed_now: false,
            reason: String::new(),
            problems: Vec::new(),
        };
        Self::made(asked, Held::Role)
    }

    pub(crate) fn sample_with_problem() -> Self {
        let problem = Problem::new("reason", "Say why in up to 500 characters: the author gets to read it.");
        let asked = Asked {
            own: false,
            not_yours: None,
            changed_now: true,
            reason: String::new(),
            problems: vec![problem],
        };
        Self::made(asked, Held::Grown)
    }

    pub(crate) fn sample_own() -> Self {
        let asked = Asked {
            own: true,
            not_yours: Some(domain::approval::NotYours::OwnOver),
            changed_now: false,
            reason: String::new(),
            problems: Vec::new(),
        };
        Self::made(asked, Held::NoEmail)
    }
}

impl EditPage {
    pub(crate) fn sample() -> Self {
        let problems = vec![Problem::new("sms_text", "Write the text message.")];
        Self::new(
            Frame::sample(NavItem::AUTHORISE),
            &meta(Held::Role),
            &draft().message(&domain::limit::Limit::default()),
            problems,
        )
    }
}

#[test]
fn what_changed_is_said_with_names_and_figures() {
    let page = OnePage::sample();
    let said: Vec<(&str, &str)> =
        page.changes.iter().map(|list| (list.tag.words.as_str(), list.count.as_str())).collect();
    assert_eq!(
        said,
        [("New: get it now", "2"), ("Gone: no longer get it", "1"), ("Another number, address or way", "1")]
    );
    assert_eq!(page.changes[1].names, ["Contact L-1"], "who left the book is named by their id");
    assert!(page.figures.iter().any(|row| row.words == "People" && row.differs));
    assert!(page.send_words.starts_with("Send 1"), "{}", page.send_words);
}
