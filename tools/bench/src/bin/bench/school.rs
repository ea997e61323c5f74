//! A made-up school in its MIS, of any size: to 2,000 pupils 3,000 adults, 4,000 ties, 12,000 memberships of groups and
//! 200 staff. Nobody in it exists.

use bench::ready_line;
use simulators::{Config, MisAdult, MisPupil, MisSchool, MisTie, Simulators, TwilioAccount};
use tokio::io::AsyncReadExt;

use crate::database::announce;
use crate::error::{Result, in_part};
use crate::people::mobile;

/// Authority and establishment.
pub(crate) const ESTAB: &str = "3281101";
/// Pupils of one class.
const CLASS: usize = 25;

/// The school with so many pupils.
fn school(pupils: usize) -> MisSchool {
    let mut school =
        MisSchool { name: "Hillview School".to_owned(), estab: ESTAB.to_owned(), ..MisSchool::default() };
    school.contacts = (0..pupils * 3 / 2).map(|n| adult('C', n)).collect();
    school.staff = (0..pupils / 10).map(|n| adult('S', n)).collect();
    for n in 0..pupils {
        let (year, class) = (7 + n % 5, n / 5 / CLASS);
        school.pupils.push(MisPupil {
            id: format!("P{n}"),
            forename: format!("Pupil{n}"),
            surname: "Example".to_owned(),
            year: format!("Year {year}"),
            registration: format!("{year}-{class}"),
            house: Some(["Aire", "Calder", "Nidd", "Wharfe"][n % 4].to_owned()),
            classes: ["Ma", "En", "Sc"].map(|subject| format!("{year}{subject}{class}")).to_vec(),
        });
        // Two families in three share an adult with the next pupil's.
        for (place, adult) in [n * 3 / 2, (n * 3 / 2 + 1) % school.contacts.len()].into_iter().enumerate() {
            school.ties.push(MisTie {
                pupil: format!("P{n}"),
                contact: format!("C{adult}"),
                relationship: ["Mother", "Father"][place].to_owned(),
                priority: if place == 0 { 1 } else { 2 },
                responsibility: true,
                court_order: false,
            });
        }
    }
    school
}

fn adult(kind: char, n: usize) -> MisAdult {
    MisAdult {
        id: format!("{kind}{n}"),
        title: Some("Ms".to_owned()),
        forename: format!("Adult{n}"),
        surname: "Example".to_owned(),
        mobile: Some(mobile(n)),
        home: None,
        work: None,
        email: Some(format!("{kind}{n}@families.example")),
    }
}

/// Serves the school's MIS until standard input is closed.
pub(crate) async fn serve(pupils: usize) -> Result<()> {
    let account = TwilioAccount { sid: format!("AC{}", "0".repeat(32)), auth_token: "bench".to_owned() };
    let config = Config { mis: school(pupils), ..Config::new(account) };
    let running = Simulators::start(config).await.map_err(in_part("MIS"))?;
    announce(&ready_line(running.url().trim_start_matches("http://")));
    let mut rest = Vec::new();
    // Whether it was closed or broke makes no difference.
    let _ = tokio::io::stdin().read_to_end(&mut rest).await;
    running.stop().await;
    Ok(())
}
