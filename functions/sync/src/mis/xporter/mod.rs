//! Xporter on Demand v1: JSON lists in numbered pages, an error told in the body of a 200.
//!
//! People are known as in the product's own send API: `PL-` pupils, `PC-` contacts, `PWT-` staff before the MIS's id.
//! A relationship's `CourtOrder` is read where it is given; the published field list has none, so that a school whose
//! Xporter does not give it has to enter its barred pairs itself.

mod list;
mod rows;
mod token;

use domain::feed::{FeedSchool, Part, Records};
use jiff::civil::Date;
use reqwest::Url;

use super::tidy::{self, each_mark_once, each_pair_once, each_person_once};
use super::{Fetcher, Mis, MisError, Progress, Query, ReadingSoon, Secret};
use list::List;
use rows::{AttendMark, Contact, Group, Member, SchoolInfo, Student, StudentContact};
use token::Token;

/// Marks of more days than these are not asked for at once.
const MOST_DAYS: usize = 31;

/// Which school, and with what.
#[derive(Debug, Clone)]
pub struct XporterConfig {
    /// The service, such as `https://xporter.groupcall.com/`.
    pub base_url: String,
    /// Where tokens come from, such as `https://login.groupcall.com/idaas/sts/STS/GetToken`.
    pub token_url: String,
    /// The school's seven digits: authority and establishment.
    pub estab: String,
    /// Whom the service knows us as.
    pub relying_party: String,
    /// Our password with it.
    pub password: Secret,
}

/// A connection to one school.
pub struct Xporter {
    fetcher: Fetcher,
    base: Url,
    estab: String,
    token: Token,
}

impl Xporter {
    /// Checks the addresses; nothing is asked yet.
    pub fn new(fetcher: Fetcher, config: XporterConfig) -> Result<Self, MisError> {
        let base = fetcher.base(&config.base_url)?;
        if config.estab.is_empty() || !config.estab.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(MisError::Malformed("an establishment number that is none".to_owned()));
        }
        let estab = config.estab.clone();
        let token = Token::new(&fetcher, config)?;
        Ok(Self { fetcher, base, estab, token })
    }

    fn list<'a>(&'a self, endpoint: &'a str, progress: &'a dyn Progress) -> List<'a> {
        List::new(self, endpoint, progress)
    }

    async fn school(&self, progress: &dyn Progress) -> Result<Records, MisError> {
        let rows: Vec<SchoolInfo> = self.list("SchoolInfo", progress).rows().await?;
        let name = rows.first().and_then(|row| tidy::some(row.name.as_deref()));
        let name = name.ok_or_else(|| MisError::Malformed("a school without a name".to_owned()))?;
        Ok(Records::School(FeedSchool { name: domain::feed::single_spaced(name) }))
    }

    async fn pupils(&self, query: Query, progress: &dyn Progress) -> Result<Records, MisError> {
        let rows: Vec<Student> = self.list("Students/", progress).since(query.since).rows().await?;
        let people =
            rows.iter().filter(|r| r.on_roll()).map(Student::person).collect::<Result<Vec<_>, _>>()?;
        each_person_once(&people)?;
        Ok(Records::Pupils(people))
    }

    async fn contacts(&self, query: Query, progress: &dyn Progress) -> Result<Records, MisError> {
        let rows: Vec<Contact> = self.list("Contacts/", progress).since(query.since).rows().await?;
        let people = rows.iter().map(Contact::person).collect::<Result<Vec<_>, _>>()?;
        each_person_once(&people)?;
        let rows: Vec<StudentContact> = self.list("StudentContacts/", progress).rows().await?;
        let ties = rows.iter().map(StudentContact::tie).collect::<Result<Vec<_>, _>>()?;
        each_pair_once(&ties)?;
        Ok(Records::Contacts { people, ties })
    }

    async fn staff(&self, query: Query, progress: &dyn Progress) -> Result<Records, MisError> {
        let rows: Vec<Member> = self.list("Staff/", progress).since(query.since).rows().await?;
        let people =
            rows.iter().filter(|r| r.is_current()).map(Member::person).collect::<Result<Vec<_>, _>>()?;
        each_person_once(&people)?;
        Ok(Records::Staff(people))
    }

    async fn groups(&self, progress: &dyn Progress) -> Result<Records, MisError> {
        let list = self.list("Groups/", progress).with("options", "includeMembersIds");
        let rows: Vec<Group> = list.rows().await?;
        let mut groups = Vec::with_capacity(rows.len());
        for row in &rows {
            groups.extend(row.group()?);
        }
        Ok(Records::Groups(tidy::groups(groups)))
    }

    /// Day by day: only the endpoint for one day says how late somebody came.
    async fn attendance(&self, days: (Date, Date), progress: &dyn Progress) -> Result<Records, MisError> {
        let mut marks = Vec::new();
        for day in days.0.series(jiff::ToSpan::days(1)).take_while(|day| *day <= days.1).take(MOST_DAYS) {
            let list = self.list("AttendanceForDate/", progress).with("date", &day.to_string());
            let rows: Vec<AttendMark> = list.with("attendanceType", "S").rows().await?;
            for row in rows.iter().filter(|row| row.is_of_session()) {
                marks.push(row.mark(day)?);
            }
        }
        each_mark_once(&marks)?;
        Ok(Records::Attendance(marks))
    }
}

impl Mis for Xporter {
    fn carries(&self, _: Part) -> bool {
        true
    }

    fn read<'a>(&'a self, query: Query, progress: &'a dyn Progress) -> ReadingSoon<'a> {
        Box::pin(async move {
            let records = match query.part {
                Part::School => self.school(progress).await?,
                Part::Pupils => self.pupils(query, progress).await?,
                Part::Contacts => self.contacts(query, progress).await?,
                Part::Staff => self.staff(query, progress).await?,
                Part::Groups => self.groups(progress).await?,
                Part::Attendance => self.attendance(query.days, progress).await?,
            };
            Ok(query.finish(records, &[Part::Pupils, Part::Contacts, Part::Staff]))
        })
    }
}
