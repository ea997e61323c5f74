//! What a held run would do, by name: the first of each kind, and how many there are.

use std::collections::BTreeMap;

use domain::contact::{Away, Contact};
use domain::feed::Tie;
use domain::ids::ContactId;
use domain::sync::{OUTLINED, OutlineLine, Outlined, Would, differs, tie_differs};
use store::School;

use crate::compare::{Plan, both_stay, pair_of};
use crate::error::Result;
use crate::feed::Fed;

type Pair = (ContactId, ContactId);

/// Everything that a plan would do to people, ties and bars.
pub(crate) async fn outline(school: &School, fed: &Fed, plan: &Plan<'_>) -> Result<Vec<Outlined>> {
    let mut found = people(school, plan).await?;
    found.extend(pairs(school, fed, plan).await?);
    found.retain(|list| list.of > 0);
    Ok(found)
}

async fn people(school: &School, plan: &Plan<'_>) -> Result<Vec<Outlined>> {
    let (of_added, added) = written(plan, true);
    let (of_differing, differing) = written(plan, false);
    let left = first(plan.left().filter_map(|id| ContactId::parse(id).ok()));
    let ids: Vec<&ContactId> = differing.iter().map(|person| &person.id).chain(&left).collect();
    let known = school.contacts().known(&ids).await?;
    let known: BTreeMap<&ContactId, &Contact> = known.iter().map(|person| (&person.id, person)).collect();
    let named = |person: &Contact, what: String| OutlineLine { name: person.full_name(), what };
    let what = |person: &Contact| match known.get(&person.id) {
        Some(before) if before.away != Some(Away::Left) => differs(before, person),
        _ => "comes back".to_owned(),
    };
    let name = |id: &ContactId| known.get(id).map_or_else(|| id.to_string(), |person| person.full_name());
    let removed = left.iter().map(|id| OutlineLine { name: name(id), what: String::new() });
    let list = |would, of, lines| Outlined { would, of, lines };
    Ok(vec![
        list(Would::Remove, plan.left().count(), sorted(removed)),
        list(Would::Add, of_added, sorted(added.iter().map(|p| named(p, String::new())))),
        list(Would::Change, of_differing, sorted(differing.iter().map(|p| named(p, what(p))))),
    ])
}

/// How many people a plan adds, or changes, and the first of them as the feed has them.
fn written(plan: &Plan<'_>, new: bool) -> (usize, Vec<Contact>) {
    let mut of = 0;
    let mut some = Vec::new();
    for (_, people) in &plan.people {
        for id in people.changed.iter().filter(|id| people.added.contains(*id) == new) {
            of += 1;
            if some.len() < OUTLINED {
                some.extend(people.list.rows.get(id).map(|(_, person)| person.clone()));
            }
        }
    }
    (of, some)
}

async fn pairs(school: &School, fed: &Fed, plan: &Plan<'_>) -> Result<Vec<Outlined>> {
    let Some(ties) = &plan.ties else { return Ok(Vec::new()) };
    let ended: Vec<&String> = ties.removed.keys().filter(|name| both_stay(fed, name)).collect();
    let end = first(ended.iter().filter_map(|name| pair_of(name)));
    let changed: Vec<Pair> = first(ties.changed.iter().filter_map(|name| pair_of(name)));
    let (barred, kept) = (first(plan.barred.iter().cloned()), first(plan.unbarred.iter().cloned()));
    let now = first(plan.barred_now.iter().cloned());

    let names = names(school, fed, [&end, &changed, &barred, &now, &kept]).await?;
    let known = school.ties().between(&changed).await?;
    let known: BTreeMap<Pair, Tie> =
        known.into_iter().map(|tie| ((tie.pupil.clone(), tie.contact.clone()), tie)).collect();
    let after: BTreeMap<Pair, &Tie> = ties.list.rows.values().map(|(_, tie)| (pair(tie), tie)).collect();
    let what = |pair: &Pair| match (known.get(pair), after.get(pair)) {
        (Some(before), Some(after)) => tie_differs(before, after),
        _ => "new".to_owned(),
    };
    let line = |pair: &Pair, what: String| {
        let name = |id: &ContactId| names.get(id).cloned().unwrap_or_else(|| id.to_string());
        OutlineLine { name: format!("{} about {}", name(&pair.1), name(&pair.0)), what }
    };
    let list = |would, of, pairs: &[Pair]| Outlined {
        would,
        of,
        lines: sorted(pairs.iter().map(|pair| line(pair, String::new()))),
    };
    Ok(vec![
        list(Would::EndTies, ended.len(), &end),
        list(Would::Bar, plan.barred.len(), &barred),
        list(Would::BarAtOnce, plan.barred_now.len(), &now),
        list(Would::KeepBars, plan.unbarred.len(), &kept),
        Outlined {
            would: Would::Tie,
            of: ties.changed.len(),
            lines: sorted(changed.iter().map(|pair| line(pair, what(pair)))),
        },
    ])
}

fn pair(tie: &Tie) -> Pair {
    (tie.pupil.clone(), tie.contact.clone())
}

/// The names of everybody in these pairs: as the feed has them, else as the book has.
async fn names(school: &School, fed: &Fed, lists: [&Vec<Pair>; 5]) -> Result<BTreeMap<ContactId, String>> {
    let ids: Vec<&ContactId> =
        lists.into_iter().flatten().flat_map(|(pupil, adult)| [pupil, adult]).collect();
    let mut names: BTreeMap<ContactId, String> = BTreeMap::new();
    for id in &ids {
        let fed = fed.people.values().find_map(|list| list.rows.get(id.as_str()));
        names.extend(fed.map(|(_, person)| ((*id).clone(), person.full_name())));
    }
    let rest: Vec<&ContactId> = ids.into_iter().filter(|id| !names.contains_key(*id)).collect();
    let known = school.contacts().known(&rest).await?;
    names.extend(known.into_iter().map(|person| (person.id.clone(), person.full_name())));
    Ok(names)
}

fn first<T>(of: impl Iterator<Item = T>) -> Vec<T> {
    of.take(OUTLINED).collect()
}

fn sorted(lines: impl Iterator<Item = OutlineLine>) -> Vec<OutlineLine> {
    let mut lines: Vec<OutlineLine> = lines.collect();
    lines.sort_unstable();
    lines
}
