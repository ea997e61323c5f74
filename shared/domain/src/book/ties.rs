//! How the adults of a book are tied to its pupils, a few bytes for each pair.

use crate::feed::Tie;

/// Sorts after every priority that a source gives.
const NO_PRIORITY: u8 = u8::MAX;

/// An adult tied to a pupil, both as places in the book. Rights belong to the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pupil: u32,
    contact: u32,
    kind: u16,
    priority: u8,
    /// Parental responsibility for this pupil.
    pub responsibility: bool,
    /// Contact about this pupil is barred.
    pub court_order: bool,
}

impl Pair {
    /// Place of the pupil.
    pub const fn pupil(&self) -> usize {
        self.pupil as usize
    }

    /// Place of the adult.
    pub const fn contact(&self) -> usize {
        self.contact as usize
    }

    /// 1 is asked first; `None` comes after every number.
    pub const fn priority(&self) -> Option<u8> {
        if self.priority == NO_PRIORITY { None } else { Some(self.priority) }
    }

    /// Where the pair stands among the pupil's: lower goes first.
    pub const fn order(&self) -> u8 {
        self.priority
    }
}

/// Every pair of a book: by pupil, then priority, then the book's order.
#[derive(Clone, Default)]
pub(super) struct Ties {
    pairs: Vec<Pair>,
    /// Places in `pairs`, in the order of the adults.
    by_contact: Vec<u32>,
    kinds: Vec<Box<str>>,
}

impl Ties {
    /// Ties whose two ends have a place. Of two between the same two people, such as a source's and the school's own
    /// bar, either bars; the rest is as the one with the better priority says.
    pub(super) fn new(
        ties: impl IntoIterator<Item = Tie>,
        place: impl Fn(&Tie) -> Option<(u32, u32)>,
    ) -> Self {
        let mut all = Self::default();
        for tie in ties {
            let Some((pupil, contact)) = place(&tie) else { continue };
            let known = all.kinds.iter().position(|kind| **kind == *tie.kind);
            let kind = known.unwrap_or_else(|| {
                all.kinds.push(tie.kind.into_boxed_str());
                all.kinds.len() - 1
            });
            all.pairs.push(Pair {
                pupil,
                contact,
                kind: u16::try_from(kind).unwrap_or(u16::MAX),
                priority: tie.priority.unwrap_or(NO_PRIORITY),
                responsibility: tie.responsibility,
                court_order: tie.court_order,
            });
        }
        let kinds = &all.kinds;
        let unnamed = |p: &Pair| kinds.get(usize::from(p.kind)).is_none_or(|kind| kind.is_empty());
        all.pairs.sort_by_key(|p| (p.pupil, p.contact, p.priority, unnamed(p)));
        all.pairs.dedup_by(|later, kept| {
            let same = (later.pupil, later.contact) == (kept.pupil, kept.contact);
            kept.court_order |= same && later.court_order;
            same
        });
        all.pairs.sort_unstable_by_key(|p| (p.pupil, p.priority, p.contact));
        all.pairs.shrink_to_fit();
        all.by_contact = (0..u32::try_from(all.pairs.len()).unwrap_or(u32::MAX)).collect();
        let pairs = &all.pairs;
        all.by_contact.sort_unstable_by_key(|at| pairs.get(*at as usize).map(|p| (p.contact, p.pupil)));
        all
    }

    pub(super) fn of_pupil(&self, pupil: usize) -> &[Pair] {
        let start = self.pairs.partition_point(|p| p.pupil() < pupil);
        let end = self.pairs.partition_point(|p| p.pupil() <= pupil);
        self.pairs.get(start..end).unwrap_or_default()
    }

    pub(super) fn of_contact(&self, contact: usize) -> impl Iterator<Item = &Pair> {
        let adult = |at: &u32| self.pairs.get(*at as usize).map(Pair::contact);
        let start = self.by_contact.partition_point(|at| adult(at) < Some(contact));
        let rest = self.by_contact.get(start..).unwrap_or_default();
        let pairs = rest.iter().filter_map(|at| self.pairs.get(*at as usize));
        pairs.take_while(move |pair| pair.contact() == contact)
    }

    pub(super) fn kind(&self, pair: &Pair) -> &str {
        self.kinds.get(usize::from(pair.kind)).map_or("", |kind| kind)
    }

    pub(super) const fn len(&self) -> usize {
        self.pairs.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ContactId;

    fn tie(priority: Option<u8>, kind: &str, court_order: bool) -> Tie {
        let id = |text: &str| ContactId::parse(text).unwrap();
        let (pupil, contact) = (id("p"), id("c"));
        Tie {
            pupil,
            contact,
            kind: kind.to_owned(),
            priority,
            responsibility: priority.is_some(),
            court_order,
        }
    }

    #[test]
    fn of_two_ties_of_a_pair_either_bars_whatever_their_order_and_the_rest_is_kept() {
        let (source, barred_there) = (tie(Some(1), "Mother", false), tie(Some(1), "Mother", true));
        let (bar, nameless) = (tie(None, "", true), tie(None, "Mother", false));
        for (ties, priority) in [
            (vec![source.clone(), bar.clone()], Some(1)),
            (vec![bar.clone(), source], Some(1)),
            (vec![barred_there, tie(None, "", false)], Some(1)),
            (vec![bar, nameless], None),
        ] {
            let ties = Ties::new(ties, |_| Some((0, 1)));
            let [pair] = ties.of_pupil(0) else { panic!("one pair") };
            assert!(
                pair.court_order && ties.kind(pair) == "Mother" && pair.priority() == priority,
                "{pair:?}"
            );
        }
    }
}
