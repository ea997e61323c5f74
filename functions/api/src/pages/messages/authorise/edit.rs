//! The texts of a waiting message, to be mended by whoever authorises it. Who gets it stays as its author chose.

use askama::Template;
use domain::content::{Content, PartFacts};
use domain::message::Message;
use store::Meta;

use crate::forms::FormFields;
use crate::pages::kit::form::{Field, Problem, error_of};
use crate::pages::kit::frame::Frame;
use crate::pages::messages::compose::read_texts;

/// The form of its texts.
#[derive(Template)]
#[template(path = "authorise_edit.html")]
pub(crate) struct EditPage {
    frame: Frame,
    problems: Vec<Problem>,
    id: String,
    revision: u32,
    author: String,
    inputs: Vec<Input>,
}

/// Where one part of what it says is changed.
enum Input {
    Line(Field),
    Area(Area),
}

/// A text of several lines.
pub(crate) struct Area {
    name: &'static str,
    label: &'static str,
    value: String,
    rows: u8,
    error: Option<String>,
}

impl EditPage {
    pub(super) fn new(frame: Frame, meta: &Meta, message: &Message, problems: Vec<Problem>) -> Self {
        let parts = message.contents.all().flat_map(Content::parts);
        Self {
            frame,
            id: meta.id.to_string(),
            revision: meta.revision,
            author: meta.author.name.clone(),
            inputs: parts.map(|(part, text)| Input::new(part.facts(), text, &problems)).collect(),
            problems,
        }
    }
}

impl Input {
    fn new(facts: &'static PartFacts, text: &str, problems: &[Problem]) -> Self {
        let &PartFacts { input: name, label, lines, is_optional, .. } = facts;
        if lines == 1 {
            let field = Field::new(name, label, text).checked(problems);
            return Self::Line(if is_optional { field.optional() } else { field });
        }
        let error = error_of(problems, name);
        Self::Area(Area { name, label, value: text.to_owned(), rows: lines, error })
    }
}

/// The message with the texts of the form: channels that it does not use stay unused.
pub(super) fn read(form: &FormFields, before: &Message) -> Message {
    let mut message = before.clone();
    read_texts(form, &mut message.contents);
    message
}
