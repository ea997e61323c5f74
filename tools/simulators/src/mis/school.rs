//! The school that the MIS is about: given at the start, or made up.

/// An adult: a parent, a carer or a member of staff.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MisAdult {
    /// The MIS's id, without a prefix.
    pub id: String,
    /// Mr, Ms, Dr…
    pub title: Option<String>,
    /// Given name.
    pub forename: String,
    /// Family name.
    pub surname: String,
    /// Main mobile.
    pub mobile: Option<String>,
    /// Main number at home.
    pub home: Option<String>,
    /// Main number at work.
    pub work: Option<String>,
    /// Main address.
    pub email: Option<String>,
}

/// A pupil on roll.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MisPupil {
    /// The MIS's id, without a prefix.
    pub id: String,
    /// Given name.
    pub forename: String,
    /// Family name.
    pub surname: String,
    /// Such as *Year 9*.
    pub year: String,
    /// Such as *9C*.
    pub registration: String,
    /// Such as *Aire*.
    pub house: Option<String>,
    /// Teaching groups and clubs.
    pub classes: Vec<String>,
}

/// Who belongs to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MisTie {
    /// A pupil's id.
    pub pupil: String,
    /// An adult's id.
    pub contact: String,
    /// *Mother*, *Father*…
    pub relationship: String,
    /// 1 is asked first.
    pub priority: u8,
    /// Parental responsibility.
    pub responsibility: bool,
    /// A court order bars contact.
    pub court_order: bool,
}

/// A school as its MIS holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MisSchool {
    /// The school's name.
    pub name: String,
    /// Authority and establishment, seven digits.
    pub estab: String,
    /// Pupils on roll.
    pub pupils: Vec<MisPupil>,
    /// Parents and carers.
    pub contacts: Vec<MisAdult>,
    /// Staff.
    pub staff: Vec<MisAdult>,
    /// Ties between pupils and contacts.
    pub ties: Vec<MisTie>,
}

impl MisSchool {
    /// A small made-up school, where none is given: 24 pupils with two adults each, six staff. One father may not
    /// be told about his child.
    pub fn made_up() -> Self {
        let surnames = ["Ashdown", "Birch", "Calloway", "Doyle", "Eze", "Farrow"];
        let forenames = ["Ada", "Ben", "Cora", "Dev"];
        let mut school =
            Self { name: "Hollin Bank School".to_owned(), estab: "3281101".to_owned(), ..Self::default() };
        for n in 0..24 {
            let (surname, year) = (surnames[n % 6], 7 + n % 5);
            let pupil = MisPupil {
                id: (1000 + n).to_string(),
                forename: forenames[n / 6].to_owned(),
                surname: surname.to_owned(),
                year: format!("Year {year}"),
                registration: format!("{year}A"),
                house: Some(["Aire", "Calder", "Wharfe"][n % 3].to_owned()),
                classes: vec![format!("{year}/Ma1")],
            };
            for (a, relationship) in ["Mother", "Father"].into_iter().enumerate() {
                let adult = MisAdult {
                    id: (2000 + n * 2 + a).to_string(),
                    title: Some(["Mrs", "Mr"][a].to_owned()),
                    forename: ["Grace", "Peter"][a].to_owned(),
                    surname: surname.to_owned(),
                    mobile: Some(format!("07700 900{:03}", n * 2 + a)),
                    home: (a == 0).then(|| format!("01632 960{n:03}")),
                    work: None,
                    email: Some(format!("parent{}@example.org", n * 2 + a)),
                };
                school.ties.push(MisTie {
                    pupil: pupil.id.clone(),
                    contact: adult.id.clone(),
                    relationship: relationship.to_owned(),
                    priority: u8::try_from(a + 1).unwrap_or(1),
                    responsibility: true,
                    court_order: n == 3 && a == 1,
                });
                school.contacts.push(adult);
            }
            school.pupils.push(pupil);
        }
        for (n, forename) in ["Hilda", "Omar", "Jess", "Liam", "Ines", "Karl"].into_iter().enumerate() {
            school.staff.push(MisAdult {
                id: (3000 + n).to_string(),
                title: Some("Dr".to_owned()),
                forename: forename.to_owned(),
                surname: "Marsh".to_owned(),
                mobile: Some(format!("07700 9001{n:02}")),
                email: Some(format!("staff{n}@example.org")),
                ..MisAdult::default()
            });
        }
        school
    }
}
