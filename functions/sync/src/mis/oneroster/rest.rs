//! OneRoster over REST: lists by limit and offset, OAuth 2 client credentials.

use std::collections::HashSet;

use domain::feed::{FeedSchool, Part, Records, single_spaced};
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::model::{self, Class, Enrolment, User};
use crate::mis::fetch::Ask;
use crate::mis::tidy::scalar;
use crate::mis::{Fetcher, Mis, MisError, Progress, Query, ReadingSoon, Secret};

/// Records of a page; a server may give fewer.
const LIMIT: usize = 500;
/// A token is not used in its last minute.
const SPARE_MS: i64 = 60_000;

/// Which version of the standard a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 1.1: one role and a list of organisations for each user.
    V1p1,
    /// 1.2: roles, each in its organisation.
    V1p2,
}

/// Which server, and with what.
#[derive(Debug, Clone)]
pub struct OneRosterConfig {
    /// Up to and with the version, such as `https://host/ims/oneroster/rostering/v1p2`.
    pub base_url: String,
    /// Where tokens come from.
    pub token_url: String,
    /// Our name at the server.
    pub client_id: String,
    /// Our password with it.
    pub client_secret: Secret,
    /// Which version the server speaks.
    pub version: Version,
    /// The school's `sourcedId`, where the server is shared by several.
    pub school: Option<String>,
}

/// A connection to one school's server.
pub struct OneRosterRest {
    fetcher: Fetcher,
    base: Url,
    token_url: Url,
    config: OneRosterConfig,
    token: Mutex<Option<(HeaderValue, i64)>>,
    /// All users, once read: three parts are made of them.
    users: Mutex<Option<Vec<User>>>,
}

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: Option<i64>,
}

impl OneRosterRest {
    /// Checks the addresses; nothing is asked yet. One of these serves one run: it remembers the users that it read.
    pub fn new(fetcher: Fetcher, config: OneRosterConfig) -> Result<Self, MisError> {
        let base = fetcher.base(&config.base_url)?;
        let mut token_url = fetcher.base(&config.token_url)?;
        let path = token_url.path().trim_end_matches('/').to_owned();
        token_url.set_path(&path);
        Ok(Self { fetcher, base, token_url, config, token: Mutex::new(None), users: Mutex::new(None) })
    }

    async fn header(&self) -> Result<HeaderValue, MisError> {
        let mut held = self.token.lock().await;
        let now = self.fetcher.clock().now_ms();
        if let Some((header, until)) = held.as_ref()
            && *until > now + SPARE_MS
        {
            return Ok(header.clone());
        }
        let scope = match self.config.version {
            Version::V1p1 => "https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly",
            Version::V1p2 => "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly",
        };
        let body = Url::parse_with_params("form:", [("grant_type", "client_credentials"), ("scope", scope)])
            .ok()
            .and_then(|url| url.query().map(str::to_owned))
            .unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, basic(&self.config.client_id, self.config.client_secret.expose())?);
        let body = Some(("application/x-www-form-urlencoded", body));
        let ask = Ask { method: Method::POST, url: self.token_url.clone(), headers, body };
        let issued: Issued = match self.fetcher.fetch(&ask).await {
            // The way in which a token server refuses a client.
            Err(MisError::Refused { status: 400, .. }) => return Err(MisError::Unauthorised { status: 400 }),
            other => other?.json()?,
        };
        let header = secret_header(&format!("Bearer {}", issued.access_token))?;
        *held = Some((header.clone(), now + issued.expires_in.unwrap_or(3_600).saturating_mul(1_000)));
        Ok(header)
    }

    /// One page of a collection, from the `offset`th record on, and how many the server says there are in all.
    async fn page(
        &self,
        path: &str,
        offset: usize,
        since: Option<Timestamp>,
    ) -> Result<(Map<String, Value>, Option<usize>), MisError> {
        let mut url =
            self.base.join(path).map_err(|_| MisError::Malformed("an address that is none".to_owned()))?;
        url.query_pairs_mut()
            .append_pair("limit", &LIMIT.to_string())
            .append_pair("offset", &offset.to_string())
            .append_pair("sort", "sourcedId")
            .append_pair("orderBy", "asc");
        if let Some(since) = since {
            let filter = format!("dateLastModified>'{}'", since.strftime("%Y-%m-%dT%H:%M:%S.000Z"));
            url.query_pairs_mut().append_pair("filter", &filter);
        }
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.header().await?);
        let answer = self.fetcher.fetch(&Ask::get(url, headers)).await?;
        let total = answer.header("x-total-count").and_then(|n| n.trim().parse().ok());
        Ok((answer.json()?, total))
    }

    /// Every record of a collection. Its end is where the server's count says, or an empty page where it gives none:
    /// a short page may only be a server that gives fewer than asked for.
    async fn list(
        &self,
        path: &str,
        key: &str,
        since: Option<Timestamp>,
        progress: &dyn Progress,
    ) -> Result<Vec<Map<String, Value>>, MisError> {
        let policy = self.fetcher.policy;
        let (mut rows, mut ids): (Vec<Map<String, Value>>, HashSet<String>) = (Vec::new(), HashSet::new());
        let mut announced: Option<usize> = None;
        for page in 0..policy.pages {
            let (mut body, total) = self.page(path, rows.len(), since).await?;
            if page > 0 && total != announced {
                return Err(MisError::Truncated("the list changed while it was read"));
            }
            announced = total;
            let list =
                body.remove(key).ok_or_else(|| MisError::Malformed("a page without its list".to_owned()))?;
            let more: Vec<Map<String, Value>> = serde_json::from_value(list)
                .map_err(|_| MisError::Malformed("a record of another form".to_owned()))?;
            let ended = more.is_empty();
            for row in more {
                let id = row.get("sourcedId").and_then(scalar);
                let id = id.ok_or_else(|| MisError::Malformed("a record without an id".to_owned()))?;
                if !ids.insert(id) {
                    return Err(domain::feed::Inconsistent::SamePersonTwice.into());
                }
                rows.push(row);
            }
            if rows.len() > policy.rows || total.is_some_and(|n| n > policy.rows) {
                return Err(MisError::TooLarge("a list"));
            }
            progress.rows(rows.len() as u64, total.map(|n| n as u64));
            match total {
                Some(total) if rows.len() == total => return Ok(rows),
                Some(total) if ended || rows.len() > total => {
                    return Err(MisError::Truncated("another number of rows than announced"));
                }
                None if ended => return Ok(rows),
                _ => {}
            }
        }
        Err(MisError::TooLarge("too many pages"))
    }

    async fn all_users(&self, progress: &dyn Progress) -> Result<Vec<User>, MisError> {
        let mut held = self.users.lock().await;
        if let Some(users) = held.as_ref() {
            return Ok(users.clone());
        }
        let rows = self.list("users", "users", None, progress).await?;
        let users: Vec<User> = rows.iter().map(user).collect();
        *held = Some(users.clone());
        Ok(users)
    }

    async fn changed_users(
        &self,
        since: Option<Timestamp>,
        progress: &dyn Progress,
    ) -> Result<Vec<User>, MisError> {
        match since {
            None => self.all_users(progress).await,
            Some(_) => Ok(self.list("users", "users", since, progress).await?.iter().map(user).collect()),
        }
    }

    async fn school(&self, progress: &dyn Progress) -> Result<Records, MisError> {
        let rows = self.list("schools", "orgs", None, progress).await?;
        let wanted = self.config.school.as_deref();
        let mut found =
            rows.iter().filter(|row| wanted.is_none() || text(row, "sourcedId").as_deref() == wanted);
        match (found.next().and_then(|row| text(row, "name")), found.next()) {
            (Some(name), None) => Ok(Records::School(FeedSchool { name: single_spaced(&name) })),
            (Some(_), Some(_)) => Err(MisError::Malformed("several schools, and none is chosen".to_owned())),
            (None, _) => Err(MisError::Malformed("no such school".to_owned())),
        }
    }

    async fn records(&self, query: Query, progress: &dyn Progress) -> Result<Records, MisError> {
        let school = self.config.school.as_deref();
        match query.part {
            Part::School => self.school(progress).await,
            Part::Pupils => model::pupils(&self.changed_users(query.since, progress).await?, school),
            Part::Staff => model::staff(&self.changed_users(query.since, progress).await?, school),
            Part::Contacts => model::contacts(&self.all_users(progress).await?, school),
            Part::Groups => {
                let classes = self.list("classes", "classes", None, progress).await?;
                let enrolments = self.list("enrollments", "enrollments", None, progress).await?;
                let classes: Vec<Class> = classes.iter().map(class).collect();
                let enrolments: Vec<Enrolment> = enrolments.iter().map(enrolment).collect();
                model::groups(&classes, &enrolments, school)
            }
            Part::Attendance => Err(MisError::NotCarried),
        }
    }
}

impl Mis for OneRosterRest {
    fn carries(&self, part: Part) -> bool {
        part != Part::Attendance
    }

    fn read<'a>(&'a self, query: Query, progress: &'a dyn Progress) -> ReadingSoon<'a> {
        Box::pin(async move {
            let records = self.records(query, progress).await?;
            Ok(query.finish(records, &[Part::Pupils, Part::Staff]))
        })
    }
}

fn secret_header(text: &str) -> Result<HeaderValue, MisError> {
    let mut header = HeaderValue::try_from(text)
        .map_err(|_| MisError::Malformed("credentials that fit no header".to_owned()))?;
    header.set_sensitive(true);
    Ok(header)
}

fn basic(name: &str, password: &str) -> Result<HeaderValue, MisError> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    secret_header(&format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))
}

fn text(row: &Map<String, Value>, key: &str) -> Option<String> {
    row.get(key).and_then(scalar)
}

fn either(row: &Map<String, Value>, first: &str, second: &str) -> String {
    text(row, first).or_else(|| text(row, second)).unwrap_or_default()
}

/// The `sourcedId` of a reference.
fn reference(value: &Value) -> Option<String> {
    value.get("sourcedId").and_then(scalar)
}

fn is_active(row: &Map<String, Value>) -> bool {
    text(row, "status").is_none_or(|status| status.eq_ignore_ascii_case("active"))
}

fn array<'a>(row: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    row.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn user(row: &Map<String, Value>) -> User {
    let mut roles: Vec<(String, Option<String>)> = array(row, "roles")
        .filter_map(|role| Some((role.get("role").and_then(scalar)?, role.get("org").and_then(reference))))
        .collect();
    if let Some(role) = text(row, "role") {
        let orgs: Vec<Option<String>> = array(row, "orgs").map(reference).collect();
        let orgs = if orgs.is_empty() { vec![None] } else { orgs };
        roles.extend(orgs.into_iter().map(|org| (role.clone(), org)));
    }
    User {
        id: text(row, "sourcedId").unwrap_or_default(),
        active: is_active(row),
        roles,
        forename: either(row, "preferredFirstName", "givenName"),
        surname: either(row, "preferredLastName", "familyName"),
        email: text(row, "email"),
        sms: text(row, "sms"),
        phone: text(row, "phone"),
        agents: array(row, "agents").filter_map(reference).collect(),
        grades: array(row, "grades").filter_map(scalar).collect(),
    }
}

fn class(row: &Map<String, Value>) -> Class {
    Class {
        id: text(row, "sourcedId").unwrap_or_default(),
        active: is_active(row),
        title: text(row, "title").unwrap_or_default(),
        homeroom: text(row, "classType").is_some_and(|kind| kind.eq_ignore_ascii_case("homeroom")),
        school: row.get("school").and_then(reference),
    }
}

fn enrolment(row: &Map<String, Value>) -> Enrolment {
    let of = |key: &str| row.get(key).and_then(reference).unwrap_or_default();
    Enrolment { active: is_active(row), class: of("class"), user: of("user") }
}
