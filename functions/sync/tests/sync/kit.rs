//! A school whose MIS is in the test's hands, and what a run made of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::book::AddressBook;
use domain::feed::Tie;
use domain::ids::SchoolId;
use domain::phone::NumberMode;
use domain::settings::Settings;
use sync::mis::Mis;
use sync::{Connectors, Opening, Syncer};
use testkit::World;

/// The only MIS there is, or none.
pub(crate) struct Only(pub(crate) Option<Arc<dyn Mis>>);

impl Connectors for Only {
    fn open<'a>(&'a self, _: SchoolId, _: &'a Settings) -> Opening<'a> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

/// The function for sync in this world.
pub(crate) fn syncer(world: &World, connectors: Arc<dyn Connectors>) -> Syncer {
    world.queue.expect_left(|_| true);
    Syncer {
        store: world.store.clone(),
        files: world.files.clone(),
        connectors,
        queue: world.queue.clone(),
        clock: world.clock.clone(),
        ids: world.ids.clone(),
        numbers: NumberMode::Simulated,
        turn: Duration::from_mins(10),
    }
}

/// Who belongs to whom, in order.
pub(crate) fn ties(book: &AddressBook) -> Vec<Tie> {
    let tie = |pair: &domain::book::Pair| Tie {
        pupil: book.contacts()[pair.pupil()].id.clone(),
        contact: book.contacts()[pair.contact()].id.clone(),
        kind: book.kind_of(pair).to_owned(),
        priority: pair.priority(),
        responsibility: pair.responsibility,
        court_order: pair.court_order,
    };
    (0..book.len()).flat_map(|place| book.adults_of(place).iter().map(tie)).collect()
}

/// Groups and how many belong to each.
pub(crate) fn groups(book: &AddressBook) -> BTreeMap<String, usize> {
    book.groups().iter().map(|g| (g.name.clone(), g.members.len())).collect()
}
