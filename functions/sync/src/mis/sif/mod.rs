//! SIF 3 over REST: XML objects in numbered pages, in the Australian data model.
//!
//! Only the Australian model is known to us; the names of the British one differ and are not read. The environment must
//! have been made beforehand: its session token and the shared secret sign us in. Court orders and houses are not in
//! the objects that are read.

mod objects;
mod xml;

use std::collections::HashSet;

use domain::feed::{FeedSchool, Part, Records, single_spaced};
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};

use super::fetch::Ask;
use super::tidy::{self, each_mark_once, each_pair_once, each_person_once};
use super::{Fetcher, Mis, MisError, Progress, Query, ReadingSoon, Secret};
use xml::Node;

/// Objects of a page.
const PAGE_SIZE: usize = 500;

/// Which server, and with what.
#[derive(Debug, Clone)]
pub struct SifConfig {
    /// The requests connector, such as `https://host/sif3/requests`.
    pub base_url: String,
    /// The environment's session token.
    pub session_token: Secret,
    /// The secret shared with the server.
    pub shared_secret: Secret,
}

/// A connection to one school's zone.
pub struct Sif {
    fetcher: Fetcher,
    base: Url,
    header: HeaderValue,
}

impl Sif {
    /// Checks the address; nothing is asked yet.
    pub fn new(fetcher: Fetcher, config: &SifConfig) -> Result<Self, MisError> {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let base = fetcher.base(&config.base_url)?;
        let pair = format!("{}:{}", config.session_token.expose(), config.shared_secret.expose());
        let mut header = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))
            .map_err(|_| MisError::Malformed("credentials that fit no header".to_owned()))?;
        header.set_sensitive(true);
        Ok(Self { fetcher, base, header })
    }

    /// One page of a list, and how many objects the server says there are in all.
    async fn page(
        &self,
        url: &Url,
        (path, object): (&str, &str),
        page: u32,
    ) -> Result<(Vec<Node>, Option<usize>), MisError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.header.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/xml"));
        headers.insert("navigationpage", HeaderValue::from(page));
        headers.insert("navigationpagesize", HeaderValue::from(PAGE_SIZE));
        let answer = self.fetcher.fetch(&Ask::get(url.clone(), headers)).await?;
        // No content: there is no such page.
        let objects =
            if answer.body.is_empty() { Vec::new() } else { xml::objects(&answer.body, path, object)? };
        let total = answer.header("navigationcount").and_then(|n| n.trim().parse().ok());
        Ok((objects, total))
    }

    /// Every object of a kind. The end is where the server's count says, or an empty page where it gives none.
    async fn list(&self, path: &str, object: &str, progress: &dyn Progress) -> Result<Vec<Node>, MisError> {
        let policy = self.fetcher.policy;
        let url =
            self.base.join(path).map_err(|_| MisError::Malformed("an address that is none".to_owned()))?;
        let (mut rows, mut ids): (Vec<Node>, HashSet<String>) = (Vec::new(), HashSet::new());
        let mut announced: Option<usize> = None;
        for page in 1..=policy.pages {
            let (more, total) = self.page(&url, (path, object), page).await?;
            if page == 1 {
                announced = total;
            } else if total.is_some() && total != announced {
                return Err(MisError::Truncated("the list changed while it was read"));
            }
            let ended = more.is_empty();
            for node in more {
                let id = node.attribute("RefId").unwrap_or_default();
                if id.is_empty() || !ids.insert(id.to_owned()) {
                    return Err(MisError::Inconsistent(domain::feed::Inconsistent::SamePersonTwice));
                }
                rows.push(node);
            }
            if rows.len() > policy.rows {
                return Err(MisError::TooLarge("a list"));
            }
            progress.rows(rows.len() as u64, announced.map(|n| n as u64));
            match announced {
                Some(total) if rows.len() == total => return Ok(rows),
                Some(total) if ended || rows.len() > total => {
                    return Err(MisError::Truncated("another number of objects than announced"));
                }
                None if ended => return Ok(rows),
                _ => {}
            }
        }
        Err(MisError::TooLarge("too many pages"))
    }

    async fn records(&self, query: Query, progress: &dyn Progress) -> Result<Records, MisError> {
        match query.part {
            Part::School => {
                let schools = self.list("SchoolInfos", "SchoolInfo", progress).await?;
                let [school] = schools.as_slice() else {
                    return Err(MisError::Malformed("not one school".to_owned()));
                };
                Ok(Records::School(FeedSchool { name: single_spaced(school.text("SchoolName")) }))
            }
            Part::Pupils => {
                let rows = self.list("StudentPersonals", "StudentPersonal", progress).await?;
                let people = rows.iter().map(objects::pupil).collect::<Result<Vec<_>, _>>()?;
                each_person_once(&people)?;
                Ok(Records::Pupils(people))
            }
            Part::Contacts => {
                let rows = self.list("StudentContactPersonals", "StudentContactPersonal", progress).await?;
                let people = rows.iter().map(objects::contact).collect::<Result<Vec<_>, _>>()?;
                each_person_once(&people)?;
                let rows =
                    self.list("StudentContactRelationships", "StudentContactRelationship", progress).await?;
                let ties = rows.iter().map(objects::tie).collect::<Result<Vec<_>, _>>()?;
                each_pair_once(&ties)?;
                Ok(Records::Contacts { people, ties })
            }
            Part::Staff => {
                let rows = self.list("StaffPersonals", "StaffPersonal", progress).await?;
                let people = rows.iter().map(objects::staff).collect::<Result<Vec<_>, _>>()?;
                each_person_once(&people)?;
                Ok(Records::Staff(people))
            }
            Part::Groups => {
                let mut groups = Vec::new();
                for row in self.list("TeachingGroups", "TeachingGroup", progress).await? {
                    groups.extend(objects::group(&row)?);
                }
                Ok(Records::Groups(tidy::groups(groups)))
            }
            Part::Attendance => {
                let mut marks = Vec::new();
                for row in self.list("StudentDailyAttendances", "StudentDailyAttendance", progress).await? {
                    marks.extend(objects::marks(&row)?);
                }
                marks.retain(|mark| (query.days.0..=query.days.1).contains(&mark.date));
                each_mark_once(&marks)?;
                Ok(Records::Attendance(marks))
            }
        }
    }
}

impl Mis for Sif {
    fn carries(&self, _: Part) -> bool {
        true
    }

    fn read<'a>(&'a self, query: Query, progress: &'a dyn Progress) -> ReadingSoon<'a> {
        Box::pin(async move { Ok(query.finish(self.records(query, progress).await?, &[])) })
    }
}
