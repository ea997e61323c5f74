//! Looks an audience up in the address book. The court-order block comes first and by every path.

use std::collections::BTreeSet;

use super::choice::{Audience, SendTo};
use crate::book::{AddressBook, Pair};
use crate::contact::ContactRole;
use crate::ids::ContactId;

/// Who was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Places in the book of everybody who gets the message, rising.
    pub people: Vec<usize>,
    /// Groups that do not exist.
    pub unknown_groups: Vec<String>,
    /// Contacts that do not exist.
    pub unknown_contacts: Vec<ContactId>,
    /// Of the chosen pupils, those who do not exist or are none.
    pub unknown_pupils: Vec<ContactId>,
    /// Pupils with nobody to write to, as places: no adult fits the choice, or those who do are barred.
    pub pupils_without: Vec<usize>,
    /// Adults of chosen pupils, and others who were chosen, who are left out because of a court order.
    pub barred: usize,
    /// Places of the pupils whose adults are written to, rising.
    pub families: Vec<usize>,
}

/// Looks an audience up.
pub fn find(book: &AddressBook, to: &Audience) -> Found {
    let mut found = Found::default();
    let chosen = Selection::of(book, to, &mut found);
    let mut people = chosen.themselves.clone();
    let mut barred = BTreeSet::new();
    if let Some(send_to) = chosen.send_to {
        for pupil in &chosen.families {
            let mut adults = selected(book.adults_of(*pupil), send_to).map(Pair::contact).peekable();
            if adults.peek().is_none() {
                found.pupils_without.push(*pupil);
            }
            people.extend(adults);
            let kept_away = book.adults_of(*pupil).iter().filter(|pair| pair.court_order);
            barred.extend(kept_away.map(Pair::contact));
        }
        found.families = chosen.families.iter().copied().collect();
    }
    people.retain(|place| {
        let may = chosen.may(book, *place);
        if !may {
            barred.insert(*place);
        }
        may
    });
    found.barred = barred.difference(&people).count();
    found.people = people.into_iter().collect();
    found
}

/// The adults of one pupil that a choice selects, never barred ones, by priority. Priorities are counted over those who
/// are left: where the first is barred the next one is asked first.
pub fn selected(adults: &[Pair], send_to: SendTo) -> impl Iterator<Item = &Pair> {
    let mut rank = 0_u32;
    let mut last = None;
    adults.iter().filter(|pair| !pair.court_order).filter(move |pair| {
        if last != Some(pair.order()) {
            last = Some(pair.order());
            rank += 1;
        }
        match send_to {
            SendTo::First => rank == 1,
            SendTo::FirstTwo => rank <= 2,
            SendTo::Responsibility => pair.responsibility,
            SendTo::All => true,
        }
    })
}

/// What an audience names, looked up.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) send_to: Option<SendTo>,
    /// Pupils whose adults are written to.
    pub(super) families: BTreeSet<usize>,
    /// Everybody chosen in their own right.
    pub(super) themselves: BTreeSet<usize>,
    /// Pupils chosen by name: the message is about them in particular.
    pub(super) named: BTreeSet<usize>,
    /// Every pupil chosen by any path: those that the message is about.
    pub(super) about: BTreeSet<usize>,
    /// People picked one by one.
    pub(super) picked: BTreeSet<usize>,
}

impl Selection {
    pub(super) fn of(book: &AddressBook, to: &Audience, found: &mut Found) -> Self {
        let mut chosen = Self { send_to: to.send_to, ..Self::default() };
        if !to.pupils.is_empty() {
            chosen.send_to = Some(to.send_to.unwrap_or_default());
        }
        for id in &to.pupils {
            match book.place(id).filter(|place| book.is_pupil(*place)) {
                Some(place) => {
                    chosen.families.insert(place);
                    chosen.named.insert(place);
                }
                None => found.unknown_pupils.push(id.clone()),
            }
        }
        for group in &to.groups {
            match book.members(group) {
                Some(members) => chosen.add_group(book, members, to.send_to),
                None => found.unknown_groups.push(group.clone()),
            }
        }
        for id in &to.contacts {
            match book.place(id) {
                Some(place) => {
                    chosen.themselves.insert(place);
                    chosen.picked.insert(place);
                    if book.is_pupil(place) {
                        chosen.named.insert(place);
                    }
                }
                None => found.unknown_contacts.push(id.clone()),
            }
        }
        if to.everyone {
            chosen.add_everyone(book, to.send_to);
        }
        chosen.about = chosen.families.union(&chosen.named).copied().collect();
        chosen.about.extend(chosen.themselves.iter().copied().filter(|place| book.is_pupil(*place)));
        chosen
    }

    /// A group of pupils stands for their adults where it is said which; any other group for its members.
    fn add_group(&mut self, book: &AddressBook, members: &[usize], send_to: Option<SendTo>) {
        let pupils = members.iter().copied().filter(|place| book.is_pupil(*place));
        let pupils: Vec<usize> = if send_to.is_some() { pupils.collect() } else { Vec::new() };
        if pupils.is_empty() {
            self.themselves.extend(members.iter().copied());
        } else {
            self.families.extend(pupils);
        }
    }

    /// Everyone, where it is said which adults of a pupil: those, and all who belong to no pupil. Who is barred from
    /// one belongs to nobody on that account.
    fn add_everyone(&mut self, book: &AddressBook, send_to: Option<SendTo>) {
        for place in 0..book.len() {
            if send_to.is_some() && book.is_pupil(place) {
                self.families.insert(place);
            } else if send_to.is_none() || book.pupils_of(place).all(|pair| pair.court_order) {
                self.themselves.insert(place);
            }
        }
    }

    /// Whether no court order keeps the message from somebody. Who is barred from a pupil whom it is about needs
    /// another of those pupils to get it for; staff get what goes to a group or everyone as staff, unless that pupil
    /// was chosen by name.
    pub(super) fn may(&self, book: &AddressBook, place: usize) -> bool {
        let mut barred = false;
        let mut barred_by_name = false;
        for pair in book.pupils_of(place).filter(|pair| self.about.contains(&pair.pupil())) {
            if !pair.court_order {
                return true;
            }
            barred = true;
            barred_by_name |= self.named.contains(&pair.pupil());
        }
        let as_staff = || {
            let is_staff = book.at(place).is_some_and(|(contact, _)| contact.role == ContactRole::Staff);
            is_staff && !barred_by_name && !self.picked.contains(&place) && self.themselves.contains(&place)
        };
        !barred || as_staff()
    }
}
