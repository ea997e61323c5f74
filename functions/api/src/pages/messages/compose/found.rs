//! People and groups that fit what was typed.

use askama::Template;
use domain::contact::ContactRole;

use super::Chosen;
use super::draft::PUPIL_SUB;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::words;

/// Most people and most groups that are offered.
const OFFERED_PEOPLE: usize = 8;
const OFFERED_GROUPS: usize = 5;

/// Somebody, or a group, who could be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    /// As it goes into the form.
    pub(crate) value: String,
    pub(crate) words: String,
    /// What tells it from others.
    pub(crate) sub: String,
    /// What its chip says besides.
    pub(crate) chip_sub: String,
}

/// The list under the search box, for the script.
#[derive(Template)]
#[template(path = "compose_found.html")]
pub(crate) struct FoundPart {
    pub(crate) find: String,
    pub(crate) found: Vec<Hit>,
}

fn group(name: &str, members: usize) -> Hit {
    let size = words::number(members as u64);
    Hit {
        value: Chosen::Group(name.to_owned()).value(),
        words: name.to_owned(),
        sub: size.clone(),
        chip_sub: size,
    }
}

/// Every group, in the book's order.
pub(crate) fn all_groups(book: &PageBook) -> Vec<Hit> {
    book.groups().iter().map(|g| group(&g.name, g.members.len())).collect()
}

/// Groups first, because one group is worth many people.
pub(crate) fn find(book: &PageBook, text: &str) -> Vec<Hit> {
    let text = text.trim();
    if text.is_empty() {
        return Vec::new();
    }
    let wanted: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let fits = |name: &str| {
        let name = name.to_lowercase();
        wanted.iter().all(|word| name.split_whitespace().any(|part| part.starts_with(word.as_str())))
    };
    let groups = book.groups().iter().filter(|g| fits(&g.name)).take(OFFERED_GROUPS).map(|g| Hit {
        sub: format!("group of {}", words::number(g.members.len() as u64)),
        ..group(&g.name, g.members.len())
    });
    let people = book.search(text, OFFERED_PEOPLE).into_iter().filter_map(|place| person(book, place));
    groups.chain(people).collect()
}

/// Somebody of the book; of a pupil the adults are meant.
fn person(book: &PageBook, place: usize) -> Option<Hit> {
    let (contact, _) = book.at(place)?;
    let for_adults = book.pairs() > 0 && book.is_pupil(place);
    let role = match contact.role {
        ContactRole::Parent => "parent",
        ContactRole::Staff => "staff",
        ContactRole::Pupil => "pupil",
        ContactRole::Other => "other",
    };
    let groups = contact.groups.iter().take(2).cloned().collect::<Vec<_>>().join(", ");
    Some(Hit {
        value: if for_adults {
            Chosen::Pupil(contact.id.clone()).value()
        } else {
            Chosen::Contact(contact.id.clone()).value()
        },
        words: book.name_at(place)?,
        sub: if groups.is_empty() { role.to_owned() } else { format!("{role}, {groups}") },
        chip_sub: if for_adults { PUPIL_SUB.to_owned() } else { String::new() },
    })
}
