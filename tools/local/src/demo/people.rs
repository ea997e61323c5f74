//! About 900 pupils in their families, and the 1,500 adults that the school can message: parents and carers, staff,
//! governors. Some share a number, some have none, some have a wrong one, as in any school.

use domain::contact::{Contact, ContactRole, LabelledNumber, PhoneLabel, Source};
use domain::ids::ContactId;

use super::names::{ADULTS, FORENAMES, SURNAMES};

const PUPILS: usize = 900;
const PARENTS: usize = 1_400;
const STAFF: usize = 85;
const GOVERNORS: usize = 15;

/// Numbers that Ofcom keeps for drama: mobiles, and landlines of two areas. The last three digits go up to 999.
const MOBILES: &str = "+447700900";
const LANDLINES: [&str; 2] = ["+441632960", "+442079460"];

/// A small, fixed sequence of numbers: the school must come out the same everywhere.
struct Dice(u64);

impl Dice {
    /// Splitmix64.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap_or(0)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

/// Gives out numbers until the drama range is used up; after that people have landlines only.
#[derive(Default)]
struct Numbers {
    mobiles: usize,
    landlines: usize,
}

impl Numbers {
    fn mobile(&mut self) -> Option<LabelledNumber> {
        let next = self.mobiles;
        self.mobiles += 1;
        (next < 1_000).then(|| number(PhoneLabel::Mobile, format!("{MOBILES}{next:03}")))
    }

    fn landline(&mut self, label: PhoneLabel) -> LabelledNumber {
        let next = self.landlines % 2_000;
        self.landlines += 1;
        let area = LANDLINES[next / 1_000];
        number(label, format!("{area}{:03}", next % 1_000))
    }
}

fn number(label: PhoneLabel, number: String) -> LabelledNumber {
    LabelledNumber { label, number }
}

/// One family: a surname, its children's groups, each child's year and form, and how many adults it has.
struct Family {
    surname: &'static str,
    groups: Vec<String>,
    children: Vec<(usize, &'static str)>,
    adults: usize,
}

/// A pupil, and the ids of the family's adults.
pub(super) struct Child {
    pub(super) forename: &'static str,
    pub(super) surname: &'static str,
    pub(super) year: usize,
    pub(super) form: &'static str,
    pub(super) adults: Vec<ContactId>,
}

/// Everybody who can be messaged.
pub(super) fn contacts() -> Vec<Contact> {
    everybody().0
}

/// Everybody who can be messaged, and the pupils.
pub(super) fn everybody() -> (Vec<Contact>, Vec<Child>) {
    let mut dice = Dice(5_976);
    let mut numbers = Numbers::default();
    let mut people = Vec::with_capacity(PARENTS + STAFF + GOVERNORS);
    let mut children = Vec::with_capacity(PUPILS);
    // Dice of their own, so that pupils' names move nobody else's.
    let mut names = Dice(9_211);
    for family in families(&mut dice) {
        let first = people.len();
        add_parents(&mut people, &family, &mut dice, &mut numbers);
        let adults: Vec<ContactId> = people[first..].iter().map(|p| p.id.clone()).collect();
        for (year, form) in family.children {
            let (forename, surname) = (names.pick(&FORENAMES), family.surname);
            children.push(Child { forename, surname, year, form, adults: adults.clone() });
        }
    }
    for n in 0..STAFF {
        let mut person = adult(&mut dice, &format!("PWT-{n:04}"), ContactRole::Staff, None);
        person.numbers = numbers.mobile().into_iter().collect();
        if person.numbers.is_empty() {
            person.numbers.push(numbers.landline(PhoneLabel::Work));
        }
        person.groups = vec!["Staff".to_owned()];
        if n % 7 == 0 {
            person.groups.push("First aiders".to_owned());
        }
        people.push(person);
    }
    for n in 0..GOVERNORS {
        let mut person = adult(&mut dice, &format!("G{n:04}"), ContactRole::Other, None);
        person.numbers = vec![numbers.landline(PhoneLabel::Home)];
        person.groups = vec!["Governors".to_owned()];
        people.push(person);
    }
    (people, children)
}

/// Families of one to three children until there are 900 pupils, and adults until there are 1,400.
fn families(dice: &mut Dice) -> Vec<Family> {
    let mut families = Vec::new();
    let mut pupils = 0;
    while pupils < PUPILS {
        let count = [1, 1, 1, 2, 2, 3][dice.roll(6)].min(PUPILS - pupils);
        pupils += count;
        let (mut groups, mut children) = (Vec::new(), Vec::with_capacity(count));
        for _ in 0..count {
            let year = 7 + dice.roll(5);
            let form = ["A", "B", "C", "D", "E", "F"][dice.roll(6)];
            children.push((year, form));
            for group in [format!("Year {year}"), format!("{year}{form}")] {
                if !groups.contains(&group) {
                    groups.push(group);
                }
            }
        }
        if dice.roll(9) == 0 {
            groups.push("School trip to Wales".to_owned());
        }
        families.push(Family { surname: dice.pick(&SURNAMES), groups, children, adults: 2 });
    }
    // Carers and grandparents beyond two, or one parent only, until the adults come to 1,400.
    let mut adults = families.len() * 2;
    while adults != PARENTS {
        let family = dice.roll(families.len());
        let family = &mut families[family];
        if adults > PARENTS && family.adults > 1 {
            family.adults -= 1;
            adults -= 1;
        } else if adults < PARENTS && family.adults < 4 {
            family.adults += 1;
            adults += 1;
        }
    }
    families
}

fn add_parents(people: &mut Vec<Contact>, family: &Family, dice: &mut Dice, numbers: &mut Numbers) {
    let home = numbers.landline(PhoneLabel::Home);
    let shared = numbers.mobile();
    for place in 0..family.adults {
        let id = format!("PC-{:04}", people.len());
        let surname = if dice.roll(6) == 0 { dice.pick(&SURNAMES) } else { family.surname };
        let mut person = adult(dice, &id, ContactRole::Parent, Some(surname));
        person.groups.clone_from(&family.groups);
        let own = match (place, dice.roll(10)) {
            // Both parents gave the same mobile.
            (0, _) | (1, 0) => shared.clone(),
            (_, 1..=6) => numbers.mobile(),
            _ => None,
        };
        person.numbers.extend(own);
        if dice.roll(3) != 0 || person.numbers.is_empty() {
            person.numbers.push(home.clone());
        }
        match dice.roll(60) {
            // Mistakes of the kind that every office knows.
            0 => person.numbers = vec![number(PhoneLabel::Mobile, "07700 9001".to_owned())],
            1 => person.numbers = vec![number(PhoneLabel::Mobile, "ask at office".to_owned())],
            2 => person.numbers = vec![number(PhoneLabel::Mobile, home.number.clone())],
            3 => person.numbers.clear(),
            _ => {}
        }
        match dice.roll(12) {
            0 | 1 => person.email = None,
            2 if dice.roll(6) == 0 => person.email = Some("unknown".to_owned()),
            _ => {}
        }
        people.push(person);
    }
}

fn adult(dice: &mut Dice, id: &str, role: ContactRole, surname: Option<&str>) -> Contact {
    let forename = if dice.roll(4) == 0 { dice.pick(&FORENAMES) } else { dice.pick(&ADULTS) };
    let surname = surname.unwrap_or_else(|| dice.pick(&SURNAMES));
    let title = [Some("Mrs"), Some("Mr"), Some("Ms"), Some("Dr"), Some("Mx"), None][dice.roll(6)];
    let host = ["example.com", "example.org", "example.net"][dice.roll(3)];
    let email = format!("{}.{}.{}@{host}", plain(forename), plain(surname), id.to_lowercase());
    Contact {
        title: title.map(str::to_owned),
        forename: forename.to_owned(),
        surname: surname.to_owned(),
        email: Some(email),
        ..Contact::new(contact_id(id), Source::Upload, role)
    }
}

#[expect(clippy::expect_used, reason = "the ids above are written here and fit")]
fn contact_id(id: &str) -> ContactId {
    ContactId::parse(id).expect("a made-up id is an id")
}

fn plain(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            'ë' => 'e',
            'â' => 'a',
            c => c.to_ascii_lowercase(),
        })
        .filter(char::is_ascii_alphabetic)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::book::AddressBook;
    use domain::phone::{CountryCode, NumberMode};

    use super::*;

    #[test]
    fn the_school_is_the_same_at_every_start_and_has_the_faults_of_a_real_one() {
        let people = contacts();
        assert_eq!(people, contacts());
        assert_eq!(people.len(), 1_500);
        let ids: HashSet<&str> = people.iter().map(|p| p.id.as_str()).collect();
        assert_eq!(ids.len(), people.len());
        let book = AddressBook::new(2, people, CountryCode::UK, NumberMode::Simulated);
        let cannot_be_reached =
            book.iter().filter(|(_, r)| r.numbers.is_empty() && r.email.is_none()).count();
        let mobiles = book.iter().filter(|(_, r)| r.numbers.iter().any(|(_, n)| n.can_sms())).count();
        assert!((1..50).contains(&cannot_be_reached), "{cannot_be_reached}");
        assert!((900..1_300).contains(&mobiles), "{mobiles}");
        assert!(book.members("Year 9").is_some_and(|m| m.len() > 100));
    }
}
