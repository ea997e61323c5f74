//! A school's address book, as planning and the pages read it: whole, in order, with everything looked up beforehand.

mod ties;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::OnceLock;

use crate::contact::{Contact, ContactRole, PhoneLabel};
use crate::email::EmailAddress;
use crate::feed::{GroupKind, Tie};
use crate::fold::{folded, natural_key, push_folded};
use crate::ids::ContactId;
use crate::phone::{CountryCode, NumberMode, PhoneNumber};

pub use ties::Pair;
use ties::Ties;

/// Digits from which a search for figures alone is taken for a telephone number.
const LIKE_A_NUMBER: usize = 7;

/// How a person can be reached: only what is well formed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Numbers in the source's order, under its labels.
    pub numbers: Vec<(PhoneLabel, PhoneNumber)>,
    /// The preferred e-mail address.
    pub email: Option<EmailAddress>,
}

impl Reach {
    /// What of a contact is well formed.
    pub fn of(contact: &Contact, country: CountryCode, mode: NumberMode) -> Self {
        let numbers = contact.numbers.iter().filter_map(|n| Some((n.label, n.parsed(country, mode)?)));
        let mut numbers: Vec<_> = numbers.collect();
        numbers.shrink_to_fit();
        Self { numbers, email: contact.email_address() }
    }
}

/// A group and who is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The name, as the first of its members spells it.
    pub name: String,
    /// What the MIS has it for; `None` for a group of the school's own.
    pub kind: Option<GroupKind>,
    /// Places in the book, rising.
    pub members: Vec<usize>,
}

/// The rows of an address book as they are stored.
#[derive(Debug, Clone, Default)]
pub struct BookRows {
    /// Everybody, those who are away among them.
    pub contacts: Vec<Contact>,
    /// How adults are tied to pupils.
    pub ties: Vec<Tie>,
    /// What the MIS has its groups for, by name.
    pub kinds: BTreeMap<String, GroupKind>,
}

/// All contacts of a school at one version, sorted by surname, forename and id. A *place* is an index into it.
pub struct AddressBook {
    version: u64,
    country: CountryCode,
    contacts: Vec<Contact>,
    reaches: Vec<Reach>,
    /// Of each contact, what a search looks at, every word behind a space; made for the first search.
    haystacks: OnceLock<Vec<String>>,
    /// Places in the order of the ids.
    by_id: Vec<u32>,
    groups: Vec<Group>,
    by_group: HashMap<String, usize>,
    ties: Ties,
    /// Names of those who left or were deleted, for the history.
    away: HashMap<ContactId, Box<str>>,
}

/// What a book is made of, its people in order.
struct Sorted {
    contacts: Vec<Contact>,
    reaches: Vec<Reach>,
    ties: Vec<Tie>,
    kinds: BTreeMap<String, GroupKind>,
    away: HashMap<ContactId, Box<str>>,
}

impl AddressBook {
    /// Puts contacts in order and looks everything up. Numbers without a calling code are read as `country`'s. What
    /// staff changed in an imported contact counts here, and so wherever people are looked up, shown or written to.
    pub fn new(version: u64, contacts: Vec<Contact>, country: CountryCode, mode: NumberMode) -> Self {
        Self::of_rows(version, BookRows { contacts, ..BookRows::default() }, country, mode)
    }

    /// As [`AddressBook::new`], with how people are tied. A person who left keeps a name, and is no longer in the book.
    pub fn of_rows(version: u64, rows: BookRows, country: CountryCode, mode: NumberMode) -> Self {
        let BookRows { contacts, ties, kinds } = rows;
        let (gone, here): (Vec<_>, Vec<_>) = contacts.into_iter().partition(|c| c.away.is_some());
        let away = gone.into_iter().map(Contact::as_changed);
        let away = away.map(|c| (c.id.clone(), c.full_name().into_boxed_str())).collect();
        let mut contacts: Vec<Contact> = here.into_iter().map(Contact::as_changed).collect();
        contacts.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        contacts.sort_by_cached_key(|c| (folded(&c.surname), folded(&c.forename)));
        // Lists that grew while they were read have room for more than they hold; a large book is kept for long.
        contacts.shrink_to_fit();
        for contact in &mut contacts {
            contact.numbers.shrink_to_fit();
            contact.groups.shrink_to_fit();
        }
        let reaches = contacts.iter().map(|c| Reach::of(c, country, mode)).collect();
        Self::sorted(version, country, Sorted { contacts, reaches, ties, kinds, away })
    }

    /// Of contacts that are in order already.
    fn sorted(version: u64, country: CountryCode, sorted: Sorted) -> Self {
        let Sorted { contacts, reaches, ties, kinds, away } = sorted;
        let mut by_id: Vec<u32> = (0..u32::try_from(contacts.len()).unwrap_or(u32::MAX)).collect();
        by_id.sort_unstable_by_key(|place| contacts.get(*place as usize).map(|c| &c.id));
        let groups = groups_of(&contacts, &kinds);
        let by_group = groups.iter().enumerate().map(|(i, g)| (group_key(&g.name), i)).collect();
        let haystacks = OnceLock::new();
        let no_ties = Ties::default();
        let mut book = Self {
            version,
            country,
            contacts,
            reaches,
            haystacks,
            by_id,
            groups,
            by_group,
            ties: no_ties,
            away,
        };
        let place = |id: &ContactId| u32::try_from(book.place(id)?).ok();
        let ties = Ties::new(ties, |tie| Some((place(&tie.pupil)?, place(&tie.contact)?)));
        book.ties = ties;
        book
    }

    /// Adults tied to the pupil at a place: by priority, then in the book's order; the barred ones among them.
    pub fn adults_of(&self, pupil: usize) -> &[Pair] {
        self.ties.of_pupil(pupil)
    }

    /// The pupils to whom the adult at a place is tied, in the book's order.
    pub fn pupils_of(&self, contact: usize) -> impl Iterator<Item = &Pair> {
        self.ties.of_contact(contact)
    }

    /// *Mother*, *Foster carer*… as the source spells it.
    pub fn kind_of(&self, pair: &Pair) -> &str {
        self.ties.kind(pair)
    }

    /// How many pairs there are.
    pub const fn pairs(&self) -> usize {
        self.ties.len()
    }

    /// Whether the person at a place is a pupil: by role, or because adults are tied to them.
    pub fn is_pupil(&self, place: usize) -> bool {
        self.contacts.get(place).is_some_and(|c| c.role == ContactRole::Pupil)
            || !self.ties.of_pupil(place).is_empty()
    }

    /// The registration group of the pupil at a place, as the MIS has it.
    pub fn registration_of(&self, place: usize) -> Option<&str> {
        let contact = self.contacts.get(place).filter(|_| self.is_pupil(place))?;
        let groups = contact.groups.iter().filter_map(|name| self.by_group.get(&group_key(name)));
        let mut groups = groups.filter_map(|index| self.groups.get(*index));
        groups.find(|group| group.kind == Some(GroupKind::Registration)).map(|group| group.name.as_str())
    }

    /// The name of somebody, also of one who is away; `None` for an id that was never here or was deleted for good.
    pub fn name_of(&self, id: &ContactId) -> Option<String> {
        let here = self.get(id).map(|(contact, _)| contact.full_name());
        here.or_else(|| self.away.get(id).map(ToString::to_string))
    }

    /// The version of the rows it was read from: even, and another after every change.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The country whose code numbers without one were given.
    pub const fn country(&self) -> CountryCode {
        self.country
    }

    /// Everybody, in order.
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// How many people.
    pub const fn len(&self) -> usize {
        self.contacts.len()
    }

    /// Whether there is nobody.
    pub const fn is_empty(&self) -> bool {
        self.contacts.is_empty()
    }

    /// A book of those at these places, with nobody else's name in it.
    pub(crate) fn only(&self, places: &BTreeSet<usize>) -> Self {
        let kept = places.iter().filter_map(|place| self.at(*place));
        let (contacts, reaches): (Vec<Contact>, Vec<Reach>) =
            kept.map(|(contact, reach)| (contact.clone(), reach.clone())).unzip();
        let pairs = places.iter().flat_map(|pupil| self.adults_of(*pupil));
        let tie = |pair: &Pair| {
            Some(Tie {
                pupil: self.contacts.get(pair.pupil())?.id.clone(),
                contact: self.contacts.get(pair.contact())?.id.clone(),
                kind: self.kind_of(pair).to_owned(),
                priority: pair.priority(),
                responsibility: pair.responsibility,
                court_order: pair.court_order,
            })
        };
        let kinds = self.groups.iter().filter_map(|group| Some((group.name.clone(), group.kind?)));
        let sorted = Sorted {
            contacts,
            reaches,
            ties: pairs.filter_map(tie).collect(),
            kinds: kinds.collect(),
            away: HashMap::new(),
        };
        Self::sorted(self.version, self.country, sorted)
    }

    /// Everybody in order, with how to reach them; the index is the place.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Contact, &Reach)> {
        self.contacts.iter().zip(&self.reaches)
    }

    /// Who is at a place.
    pub fn at(&self, place: usize) -> Option<(&Contact, &Reach)> {
        Some((self.contacts.get(place)?, self.reaches.get(place)?))
    }

    /// The place of a contact.
    pub fn place(&self, id: &ContactId) -> Option<usize> {
        let id_at = |place: &u32| self.contacts.get(*place as usize).map(|c| &c.id);
        let at = self.by_id.binary_search_by_key(&Some(id), id_at).ok()?;
        self.by_id.get(at).map(|place| *place as usize)
    }

    /// A contact and how to reach them.
    pub fn get(&self, id: &ContactId) -> Option<(&Contact, &Reach)> {
        self.at(self.place(id)?)
    }

    /// Every group, *Year 9* before *Year 10*.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Places of a group's members, rising; `None` for a group that nobody is in. Capitals and extra spaces in the
    /// name make no difference.
    pub fn members(&self, group: &str) -> Option<&[usize]> {
        let index = *self.by_group.get(&group_key(group))?;
        self.groups.get(index).map(|g| g.members.as_slice())
    }

    /// Places of up to `limit` people who have every word of `text` in their name, id, numbers or e-mail address, in
    /// any spelling of capitals and accents: first those with a word that begins so, then the rest, each in the book's
    /// order. An empty text finds everybody.
    pub fn search(&self, text: &str, limit: usize) -> Vec<usize> {
        let words = words_of(text);
        let starts: Vec<String> = words.iter().map(|w| format!(" {w}")).collect();
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        let haystacks = self.haystacks.get_or_init(|| self.iter().map(|(c, r)| haystack(c, r)).collect());
        for (place, haystack) in haystacks.iter().enumerate() {
            if first.len() >= limit {
                break;
            }
            if starts.iter().all(|start| haystack.contains(start.as_str())) {
                first.push(place);
            } else if rest.len() < limit && words.iter().all(|word| haystack.contains(word.as_str())) {
                rest.push(place);
            }
        }
        rest.truncate(limit.saturating_sub(first.len()));
        first.extend(rest);
        first
    }
}

/// The version and size only, because debug output ends up in logs.
impl fmt::Debug for AddressBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AddressBook(version {}, {} contacts)", self.version, self.contacts.len())
    }
}

/// Two spellings of one group have one key. Signs are kept: *Year 9+* is not *Year 9*.
pub(crate) fn group_key(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn groups_of(contacts: &[Contact], kinds: &BTreeMap<String, GroupKind>) -> Vec<Group> {
    let kinds: HashMap<String, GroupKind> =
        kinds.iter().map(|(name, kind)| (group_key(name), *kind)).collect();
    let mut groups: HashMap<String, Group> = HashMap::new();
    for (place, contact) in contacts.iter().enumerate() {
        for name in contact.groups.iter().filter(|n| !n.trim().is_empty()) {
            let group = groups.entry(group_key(name)).or_insert_with_key(|key| {
                let kind = kinds.get(key).copied();
                Group { name: name.trim().to_owned(), kind, members: Vec::new() }
            });
            if group.members.last() != Some(&place) {
                group.members.push(place);
            }
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_cached_key(|g| (natural_key(&g.name), g.name.clone()));
    groups
}

fn haystack(contact: &Contact, reach: &Reach) -> String {
    let mut text = String::with_capacity(96);
    let typed = contact.numbers.iter().map(|n| n.number.as_str());
    let title = contact.title.as_deref();
    let names = [Some(contact.id.as_str()), title, Some(&contact.forename), Some(&contact.surname)];
    for part in names.into_iter().flatten().chain(typed).chain(contact.email.as_deref()) {
        text.push(' ');
        push_folded(&mut text, part);
    }
    for (_, number) in &reach.numbers {
        let digits = number.as_str().trim_start_matches('+');
        for (start, rest) in [("", Some(digits)), ("0", digits.strip_prefix("44"))] {
            if let Some(rest) = rest {
                text.extend([" ", start, rest]);
            }
        }
    }
    text
}

/// The words to look for; figures that look like one telephone number are one word.
fn words_of(text: &str) -> Vec<String> {
    let folded = folded(text);
    let words: Vec<String> = folded.split_whitespace().map(str::to_owned).collect();
    let digits = words.concat();
    if digits.len() < LIKE_A_NUMBER || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return words;
    }
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    // The trunk zero of "+44 (0)20".
    vec![digits.strip_prefix("440").map_or_else(|| digits.to_owned(), |rest| format!("44{rest}"))]
}

#[cfg(test)]
mod tests;
