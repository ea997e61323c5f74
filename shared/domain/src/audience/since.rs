//! What an address book that has changed since a message was planned says of its deliveries: they wait for the sender's
//! pace and for retries, and a court order, a tie or a number may change meanwhile.

use std::sync::Arc;

use super::choice::Audience;
use super::find::{Found, Selection, find};
use super::pupils::pupils_for;
use crate::book::{AddressBook, Reach};
use crate::channel::{Address, Channel};
use crate::delivery::Reason;
use crate::ids::ContactId;

/// A delivery as it was planned.
#[derive(Debug, Clone, Copy)]
pub struct Going<'a> {
    /// How.
    pub channel: Channel,
    /// E.164 number or e-mail address.
    pub to: &'a str,
    /// The contacts that it serves; none for a post.
    pub contacts: &'a [ContactId],
    /// Names of pupils as its text has them.
    pub pupils: Option<&'a str>,
}

/// An audience, looked up again.
#[derive(Debug)]
pub struct Since {
    book: Arc<AddressBook>,
    chosen: Selection,
    found: Found,
}

impl Since {
    /// Looks the audience up in the book of today.
    pub fn new(book: Arc<AddressBook>, to: &Audience) -> Self {
        let book = to.within.narrow(book);
        let chosen = Selection::of(&book, to, &mut Found::default());
        let found = find(&book, to);
        Self { book, chosen, found }
    }

    /// Why a delivery may no longer go; `None` while it is right for one of those that it serves.
    pub fn spoils(&self, going: Going<'_>) -> Option<Reason> {
        let mut first = None;
        for contact in going.contacts {
            let reason = self.spoils_for(contact, going)?;
            if first.is_none() || reason == Reason::Barred {
                first = Some(reason);
            }
        }
        first
    }

    fn spoils_for(&self, contact: &ContactId, going: Going<'_>) -> Option<Reason> {
        let Some(place) = self.book.place(contact) else { return Some(Reason::NoLongerMeant) };
        if self.found.people.binary_search(&place).is_err() {
            let may = self.chosen.may(&self.book, place);
            return Some(if may { Reason::NoLongerMeant } else { Reason::Barred });
        }
        if let Some(named) = going.pupils
            && let Some(reason) = self.names_too_many(place, named)
        {
            return Some(reason);
        }
        let there = self.book.at(place).is_some_and(|(_, reach)| is_at(reach, going.channel, going.to));
        (!there).then_some(Reason::AddressChanged)
    }

    /// Whether a text names a pupil about whom the adult at a place may be told no longer. Another spelling of a name
    /// is no reason to tell nobody.
    fn names_too_many(&self, adult: usize, named: &str) -> Option<Reason> {
        if pupils_for(&self.book, adult, &self.chosen.families) == named {
            return None;
        }
        let is_named =
            |pupil: usize| self.book.at(pupil).is_some_and(|(pupil, _)| named.contains(&pupil.full_name()));
        let tie = |pupil: usize| self.book.pupils_of(adult).find(|pair| pair.pupil() == pupil);
        let named = self.chosen.families.iter().filter(|pupil| is_named(**pupil));
        let mut wrong = named.filter_map(|pupil| match tie(*pupil) {
            Some(pair) => pair.court_order.then_some(Reason::Barred),
            None => Some(Reason::NoLongerMeant),
        });
        wrong.next()
    }
}

fn is_at(reach: &Reach, channel: Channel, to: &str) -> bool {
    match channel.facts().address {
        Address::Mobile | Address::Phone => reach.numbers.iter().any(|(_, number)| number.as_str() == to),
        Address::Email => reach.email.as_ref().is_some_and(|email| email.as_str().eq_ignore_ascii_case(to)),
        Address::Account => true,
    }
}
