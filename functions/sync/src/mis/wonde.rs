//! Wonde: JSON lists whose every page names the next.
//!
//! Year, house and registration group come with the groups. A relationship's `court_order` is read where it is given.
//! Marks are not read: what a row of them holds is not known to us.

use std::collections::HashSet;

use domain::contact::{ContactRole, PhoneLabel};
use domain::feed::{
    FeedGroup, FeedGroupRef, FeedPerson, FeedSchool, GroupKind, Part, Records, Tie, single_spaced,
};
use domain::ids::ContactId;
use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::Value;

use super::fetch::Ask;
use super::tidy::{self, bars, each_pair_once, each_person_once, emails, id, numbers, scalar, yes};
use super::{Fetcher, Mis, MisError, Progress, Query, ReadingSoon, Secret};

/// Rows of a page.
const PER_PAGE: &str = "200";

/// Which school, and with what.
#[derive(Debug, Clone)]
pub struct WondeConfig {
    /// The service of the school's region, such as `https://api.wonde.com/v1.0`.
    pub base_url: String,
    /// Wonde's id of the school.
    pub school: String,
    /// The token that the school gave us.
    pub token: Secret,
}

/// A connection to one school.
pub struct Wonde {
    fetcher: Fetcher,
    base: Url,
    header: HeaderValue,
}

impl Wonde {
    /// Checks the address and the school's id; nothing is asked yet.
    pub fn new(fetcher: Fetcher, config: &WondeConfig) -> Result<Self, MisError> {
        let base = fetcher.base(&config.base_url)?;
        if config.school.is_empty() || !config.school.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(MisError::Malformed("a school's id that is none".to_owned()));
        }
        let base = base.join(&format!("schools/{}/", config.school));
        let base = base.map_err(|_| MisError::Malformed("an address that is none".to_owned()))?;
        let mut header = HeaderValue::try_from(format!("Bearer {}", config.token.expose()))
            .map_err(|_| MisError::Malformed("a token that fits no header".to_owned()))?;
        header.set_sensitive(true);
        Ok(Self { fetcher, base, header })
    }

    fn url(&self, path: &str) -> Result<Url, MisError> {
        self.base.join(path).map_err(|_| MisError::Malformed("an address that is none".to_owned()))
    }

    async fn page(&self, url: Url) -> Result<Value, MisError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.header.clone());
        self.fetcher.fetch(&Ask::get(url, headers)).await?.json()
    }

    /// Every row of a list. The last page is the one that says there is no next.
    async fn list(
        &self,
        path: &str,
        include: &str,
        since: Option<Timestamp>,
        progress: &dyn Progress,
    ) -> Result<Vec<Value>, MisError> {
        let policy = self.fetcher.policy;
        let mut url = self.url(path)?;
        url.query_pairs_mut().append_pair("per_page", PER_PAGE).append_pair("include", include);
        if let Some(since) = since {
            let since = since.strftime("%Y-%m-%d %H:%M:%S").to_string();
            url.query_pairs_mut().append_pair("updated_after", &since);
        }
        let (mut rows, mut seen): (Vec<Value>, HashSet<Url>) = (Vec::new(), HashSet::new());
        for _ in 0..policy.pages {
            if !seen.insert(url.clone()) {
                return Err(MisError::Malformed("a page that names an earlier one as the next".to_owned()));
            }
            let mut page = self.page(url.clone()).await?;
            let Some(Value::Array(more)) = page.get_mut("data").map(Value::take) else {
                return Err(MisError::Malformed("a page without its list".to_owned()));
            };
            rows.extend(more);
            if rows.len() > policy.rows {
                return Err(MisError::TooLarge("a list"));
            }
            progress.rows(rows.len() as u64, None);
            match next(&page)? {
                None => return Ok(rows),
                Some(next) => url = self.same_place(&next)?,
            }
        }
        Err(MisError::TooLarge("too many pages"))
    }

    /// The token goes nowhere but to the service it is for.
    fn same_place(&self, next: &str) -> Result<Url, MisError> {
        let url = self.base.join(next).ok().filter(|url| url.origin() == self.base.origin());
        url.ok_or_else(|| MisError::Malformed("a next page that is somewhere else".to_owned()))
    }

    async fn school(&self) -> Result<Records, MisError> {
        let mut url = self.base.clone();
        url.set_path(self.base.path().trim_end_matches('/'));
        let page = self.page(url).await?;
        let name = page.get("data").and_then(|d| d.get("name")).and_then(scalar);
        let name = name.ok_or_else(|| MisError::Malformed("a school without a name".to_owned()))?;
        Ok(Records::School(FeedSchool { name: single_spaced(&name) }))
    }

    async fn people(
        &self,
        path: &str,
        role: ContactRole,
        since: Option<Timestamp>,
        progress: &dyn Progress,
    ) -> Result<Vec<FeedPerson>, MisError> {
        let rows = self.list(path, "contact_details", since, progress).await?;
        let people = rows.iter().map(|row| person(row, role)).collect::<Result<Vec<_>, _>>()?;
        each_person_once(&people)?;
        Ok(people)
    }

    async fn ties(&self, progress: &dyn Progress) -> Result<Vec<Tie>, MisError> {
        let rows = self.list("students/", "contacts", None, progress).await?;
        let mut ties = Vec::with_capacity(rows.len() * 2);
        for row in &rows {
            let pupil = row_id(row)?;
            for contact in included(row, "contacts")? {
                ties.push(tie(&pupil, contact)?);
            }
        }
        each_pair_once(&ties)?;
        Ok(ties)
    }

    async fn groups(&self, progress: &dyn Progress) -> Result<Records, MisError> {
        let mut groups = Vec::new();
        for (path, all) in [("groups/", None), ("classes/", Some(GroupKind::Class))] {
            for row in self.list(path, "students,employees", None, progress).await? {
                let name = row.get("name").and_then(scalar).unwrap_or_default();
                let Some(group) = FeedGroupRef::new(all.unwrap_or_else(|| kind(&row)), &name) else {
                    continue;
                };
                let mut members = Vec::new();
                for list in ["students", "employees"] {
                    for member in included(&row, list)? {
                        members.push(row_id(member)?);
                    }
                }
                groups.push(FeedGroup { group, members });
            }
        }
        Ok(Records::Groups(tidy::groups(groups)))
    }

    async fn records(&self, query: Query, progress: &dyn Progress) -> Result<Records, MisError> {
        let since = query.since;
        match query.part {
            Part::School => self.school().await,
            Part::Pupils => {
                self.people("students/", ContactRole::Pupil, since, progress).await.map(Records::Pupils)
            }
            Part::Staff => {
                self.people("employees/", ContactRole::Staff, since, progress).await.map(Records::Staff)
            }
            Part::Contacts => {
                let people = self.people("contacts/", ContactRole::Parent, since, progress).await?;
                Ok(Records::Contacts { people, ties: self.ties(progress).await? })
            }
            Part::Groups => self.groups(progress).await,
            Part::Attendance => Err(MisError::NotCarried),
        }
    }
}

impl Mis for Wonde {
    fn carries(&self, part: Part) -> bool {
        part != Part::Attendance
    }

    fn read<'a>(&'a self, query: Query, progress: &'a dyn Progress) -> ReadingSoon<'a> {
        Box::pin(async move {
            let records = self.records(query, progress).await?;
            Ok(query.finish(records, &[Part::Pupils, Part::Contacts, Part::Staff]))
        })
    }
}

/// The next page's address; an answer that does not say whether there is one is not the last.
fn next(page: &Value) -> Result<Option<String>, MisError> {
    let told = page.get("meta").and_then(|meta| meta.get("pagination"));
    let told = told.ok_or_else(|| MisError::Malformed("a page that names no next".to_owned()))?;
    match told
        .get("next")
        .or_else(|| told.get("links").map(|links| links.get("next").unwrap_or(&Value::Null)))
    {
        Some(Value::Null) => Ok(None),
        Some(Value::String(next)) => Ok(Some(next.clone())),
        _ => Err(MisError::Malformed("a page that names no next".to_owned())),
    }
}

fn row_id(row: &Value) -> Result<ContactId, MisError> {
    id("", row.get("id").and_then(scalar).as_deref())
}

/// What was asked to be included in a row; that it is missing does not mean that there is none.
fn included<'a>(row: &'a Value, key: &str) -> Result<&'a Vec<Value>, MisError> {
    let list = row.get(key).and_then(|list| list.get("data")).and_then(Value::as_array);
    list.ok_or(MisError::Truncated("a row without what it was to include"))
}

fn kind(row: &Value) -> GroupKind {
    match row.get("type").and_then(scalar).unwrap_or_default().to_uppercase().as_str() {
        "YEAR" => GroupKind::Year,
        "HOUSE" => GroupKind::House,
        "REGISTRATION" => GroupKind::Registration,
        _ => GroupKind::Other,
    }
}

fn person(row: &Value, role: ContactRole) -> Result<FeedPerson, MisError> {
    let details = row.get("contact_details").and_then(|d| d.get("data"));
    let detail =
        |list: &str, key: &str| details.and_then(|d| d.get(list)).and_then(|l| l.get(key)).and_then(scalar);
    let phone = |key: &str| detail("phones", key);
    let (mobile, home, work, other) = (phone("mobile"), phone("home"), phone("work"), phone("phone"));
    let email = ["primary", "email", "home", "work"].map(|key| detail("emails", key));
    let text = |key: &str| row.get(key).and_then(scalar);
    Ok(FeedPerson {
        title: text("title").filter(|_| role != ContactRole::Pupil),
        forename: single_spaced(&text("forename").unwrap_or_default()),
        surname: single_spaced(&text("surname").unwrap_or_default()),
        numbers: numbers([
            (PhoneLabel::Mobile, mobile.as_deref()),
            (PhoneLabel::Home, home.as_deref()),
            (PhoneLabel::Work, work.as_deref()),
            (PhoneLabel::Home, other.as_deref()),
        ]),
        emails: emails(email.iter().map(Option::as_deref)),
        ..FeedPerson::new(row_id(row)?, role)
    })
}

fn tie(pupil: &ContactId, contact: &Value) -> Result<Tie, MisError> {
    let about = contact.get("relationship").map(|r| r.get("data").unwrap_or(r));
    let text = |key: &str| about.and_then(|r| r.get(key)).and_then(scalar);
    Ok(Tie {
        pupil: pupil.clone(),
        contact: row_id(contact)?,
        kind: text("relationship").map(|kind| single_spaced(&kind)).unwrap_or_default(),
        priority: text("priority").and_then(|p| p.parse().ok()).filter(|p| *p > 0),
        responsibility: yes(text("parental_responsibility").as_deref()),
        court_order: about.and_then(|r| r.get("court_order")).is_some_and(bars),
    })
}
