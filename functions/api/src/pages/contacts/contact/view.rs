//! What the page of a contact shows.

use askama::Template;
use domain::contact::{Contact, ContactRole, Field, Kind, Overridden, Source};

use super::pairs::{Finder, PairView};
use super::typed::{Typed, shown_text};
use crate::pages::contacts::list::BEFORE_DELETING_ONE;
use crate::pages::kit::ask::Ask;
use crate::pages::kit::form::{self, Choice, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::lines::Line;
use crate::pages::kit::links::contact_path;
use crate::pages::kit::words::role_words;

#[derive(Template)]
#[template(path = "contact.html")]
pub(crate) struct ContactPage {
    frame: Frame,
    pub(super) title: String,
    sub: String,
    notice: Option<String>,
    problems: Vec<Problem>,
    action: String,
    /// Which state of the contact was read; 0 for a new one.
    rev: u64,
    read_only: bool,
    why_grey: &'static str,
    /// Whether what is written here is kept apart from what the source says.
    apart: bool,
    /// What is kept so.
    changed: Vec<ChangedView>,
    name: Vec<form::Field>,
    id: form::Field,
    roles: [Choice; 4],
    reach: Vec<form::Field>,
    groups: form::Field,
    save: &'static str,
    ask: Option<Ask>,
    /// To whom they are tied: an adult to pupils, a pupil to adults.
    pub(super) pairs: Vec<PairView>,
    /// Whether they may bar a pair, or lift their own bar.
    pub(super) may_bar: bool,
    /// Finds somebody else to bar, where they may.
    pub(super) finder: Option<Finder>,
    /// Messages that went to this person, newest first.
    pub(super) recent: Vec<Line>,
}

/// A field that staff changed, beside what its source says.
struct ChangedView {
    field: &'static str,
    label: &'static str,
    ours: String,
    source: String,
}

impl ChangedView {
    fn new(changed: &Overridden) -> Self {
        let words = |text: &str| match text {
            "" => "nothing".to_owned(),
            text => shown_text(changed.field, text),
        };
        Self {
            field: changed.field.code(),
            label: changed.field.words(),
            ours: words(&changed.ours),
            source: words(&changed.source),
        }
    }
}

pub(super) const WHY_GREY: &str = "This contact came from outside Messenger, so its fields are grey: a change made \
    here would be lost with the next upload. Change it where it came from and upload again.";

/// Asks whether a contact is to be deleted.
pub(super) fn ask(contact: &Contact) -> Ask {
    let name = contact.full_name();
    let action = format!("/contacts/{}/delete", contact_path(&contact.id));
    Ask::new(action, format!("Delete {name}?"), format!("Delete {name}"), "Keep")
        .dialog("ask-delete")
        .words(BEFORE_DELETING_ONE)
}

impl ContactPage {
    /// The empty form, or what was typed into it.
    pub(super) fn to_add(frame: Frame, typed: &Typed, problems: Vec<Problem>) -> Self {
        let page = Self::form(frame, typed, problems, false);
        let id = page
            .id
            .clone()
            .optional()
            .hint("The school's own number for this person. Left blank, one is made.");
        Self {
            id,
            title: "Add a contact".to_owned(),
            action: "/contacts/new".to_owned(),
            save: "Add contact",
            ..page
        }
    }

    /// The form of a contact that was read at `rev`.
    pub(super) fn of(
        frame: Frame,
        contact: &Contact,
        rev: u64,
        typed: &Typed,
        notice: Option<String>,
        problems: Vec<Problem>,
    ) -> Self {
        let page = Self::form(frame, typed, problems, contact.source.is_imported());
        Self {
            title: contact.full_name(),
            sub: format!(
                "{} · from {}",
                role_words(contact.role),
                match contact.source {
                    Source::Mis => "the school’s MIS",
                    Source::Upload => "an upload",
                    Source::Hand => "here, typed in",
                    Source::Api => "a partner system",
                }
            ),
            action: format!("/contacts/{}", contact_path(&contact.id)),
            id: page.id.clone().read_only(true),
            rev,
            notice,
            ask: Some(ask(contact)),
            ..page
        }
    }

    /// With what staff changed in an imported contact, and its fields open if they may change more.
    pub(super) fn opened(mut self, source: &Contact, opens: bool) -> Self {
        self.changed = source.overridden().iter().map(ChangedView::new).collect();
        if opens && source.source.is_imported() {
            self.read_only = false;
            self.apart = true;
            self.groups.read_only = true;
            for field in self.name.iter_mut().chain(&mut self.reach) {
                field.read_only = false;
            }
        }
        self
    }

    fn form(frame: Frame, typed: &Typed, problems: Vec<Problem>, read_only: bool) -> Self {
        let input = |field| input(field, typed, &problems).read_only(read_only);
        let names = Field::ALL.into_iter().filter(|field| field.kind() == Kind::Name);
        let is_reach = |field: &Field| matches!(field.kind(), Kind::Phone | Kind::Email);
        let mut reach: Vec<Field> = Field::ALL.into_iter().filter(is_reach).collect();
        // What most people have comes first.
        reach.sort_by_key(|field| matches!(field, Field::Home | Field::Work));
        let role = ContactRole::from_code(typed.get(Field::Role)).unwrap_or(ContactRole::Parent);
        Self {
            title: String::new(),
            sub: String::new(),
            notice: None,
            action: String::new(),
            rev: 0,
            read_only,
            why_grey: WHY_GREY,
            apart: false,
            changed: Vec::new(),
            name: names.map(input).collect(),
            id: input(Field::Id),
            roles: ContactRole::ALL.map(|r| Choice::new(r.code(), role_words(r), r == role)),
            reach: reach.into_iter().map(input).collect(),
            groups: input(Field::Groups),
            save: "Save changes",
            ask: None,
            pairs: Vec::new(),
            may_bar: false,
            finder: None,
            recent: Vec::new(),
            frame,
            problems,
        }
    }
}

/// The input of one field.
fn input(field: Field, typed: &Typed, problems: &[Problem]) -> form::Field {
    let label = match field {
        Field::Id => "Id",
        Field::Groups => "In these groups",
        field => field.words(),
    };
    let input = form::Field::new(field.code(), label, typed.get(field)).checked(problems);
    let input = match field.kind() {
        Kind::Phone => input.kind("tel"),
        Kind::Email => input.kind("email"),
        Kind::Groups => input.hint("Names with commas between, such as Year 9, Choir."),
        _ => input,
    };
    match field {
        Field::Id | Field::Forename | Field::Surname => input,
        _ => input.optional(),
    }
}

#[cfg(test)]
impl ContactPage {
    pub(crate) fn sample() -> Self {
        let book = crate::pages::messages::compose::samples::book();
        let typed_in = book.contacts().iter().find(|c| c.source == Source::Hand).unwrap();
        Self::of(
            Frame::sample(crate::pages::kit::places::NavItem::CONTACTS),
            typed_in,
            1,
            &Typed::of(typed_in),
            None,
            Vec::new(),
        )
    }

    pub(crate) fn sample_grey() -> Self {
        let book = crate::pages::messages::compose::samples::book();
        let imported = &book.contacts()[3];
        let notice = Some("The changes are saved.".into());
        let page = Self::of(
            Frame::sample(crate::pages::kit::places::NavItem::CONTACTS),
            imported,
            1,
            &Typed::of(imported),
            notice,
            Vec::new(),
        );
        let local = crate::pages::kit::lines::samples::local();
        let recent = crate::pages::kit::lines::samples::summaries()
            .iter()
            .take(2)
            .map(|s| Line::new(s, &local))
            .collect();
        Self { pairs: PairView::samples(), may_bar: true, finder: Some(Finder::sample()), recent, ..page }
    }

    pub(crate) fn sample_changed() -> Self {
        let book = crate::pages::messages::compose::samples::book();
        let mut imported = book.contacts()[3].clone();
        imported.overrides = domain::contact::Overrides::default().with("forename", "Zoë").with("email", "");
        let counts = imported.clone().as_changed();
        let page = Self::of(
            Frame::sample(crate::pages::kit::places::NavItem::CONTACTS),
            &counts,
            1,
            &Typed::of(&counts),
            None,
            Vec::new(),
        );
        page.opened(&imported, true)
    }

    pub(crate) fn sample_with_problems() -> Self {
        let typed = Typed::default().with(Field::Forename, "Ann").with(Field::Mobile, "0770 900");
        let problems = vec![
            Problem::new("mobile", "This number is too short. Check it with the family."),
            Problem::new("email", "Write the whole address, such as ann@example.com."),
        ];
        Self::to_add(Frame::sample(crate::pages::kit::places::NavItem::CONTACTS), &typed, problems)
    }
}
