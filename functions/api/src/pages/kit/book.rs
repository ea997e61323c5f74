//! The address book as pages show it: people under the names that the school has chosen for them.

use std::ops::Deref;
use std::sync::Arc;

use domain::book::AddressBook;
use domain::ids::ContactId;

/// An address book, and whether pupils' names carry their registration group in it.
pub(crate) struct PageBook {
    book: Arc<AddressBook>,
    registration: bool,
}

impl PageBook {
    pub(crate) const fn new(book: Arc<AddressBook>, registration: bool) -> Self {
        Self { book, registration }
    }

    /// Whether a name is `Ben Abbot (9A)` where it is a pupil's.
    pub(crate) const fn shows_registration(&self) -> bool {
        self.registration
    }

    /// The name of whoever is at a place.
    pub(crate) fn name_at(&self, place: usize) -> Option<String> {
        let (contact, _) = self.book.at(place)?;
        let group = self.book.registration_of(place).filter(|_| self.registration);
        let name = contact.full_name();
        Some(group.map_or_else(|| name.clone(), |group| format!("{name} ({group})")))
    }

    /// The name of somebody, also of one who is away.
    pub(crate) fn name_of(&self, id: &ContactId) -> Option<String> {
        match self.book.place(id) {
            Some(place) => self.name_at(place),
            None => self.book.name_of(id),
        }
    }
}

impl Deref for PageBook {
    type Target = AddressBook;

    fn deref(&self) -> &AddressBook {
        &self.book
    }
}

#[cfg(test)]
impl From<AddressBook> for PageBook {
    fn from(book: AddressBook) -> Self {
        Self::new(Arc::new(book), false)
    }
}
