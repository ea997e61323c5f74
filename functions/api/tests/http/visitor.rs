//! A browser: keeps its cookies, posts forms as our pages do.

use runtime::hash_password;
use std::cell::RefCell;
use std::collections::BTreeMap;

use axum::body::Body;
use domain::audit::{Act, AuditEvent};
use domain::email::EmailAddress;
use domain::ids::UserId;
use domain::people::Roles;
use domain::security::Security;
use domain::settings::Settings;
use http::Request;
use store::{Account, Mint, OneTimeKind, School, User};
use ulid::Ulid;

use crate::kit::{Answer, House, NOON, PUBLIC_URL};

/// What everybody's password is to begin with.
pub(crate) const PASSWORD: &str = "vocabel Tundra 4 oslo";
/// Another that every level takes.
pub(crate) const OTHER: &str = "granite Pelican 7 wharf";

pub(crate) struct Visitor<'h> {
    house: &'h House,
    cookies: RefCell<BTreeMap<String, String>>,
}

pub(crate) fn id(number: u128) -> UserId {
    UserId::new(Ulid::from_parts(3, number))
}

/// Adds a user, whose name is `name` and whose password [`PASSWORD`], to the school.
pub(crate) async fn add(house: &House, school: &School, number: u128, name: &str, roles: &str) -> User {
    let user = User {
        id: id(number),
        username: name.to_owned(),
        email: EmailAddress::parse(&format!("{name}@hillview.example")).unwrap(),
        forename: "Olive".to_owned(),
        surname: "Field".to_owned(),
        password_hash: hash_password(PASSWORD, [3; 16]).unwrap(),
        created_ms: NOON,
        account: Account::default(),
        schools: Vec::new(),
    };
    house.store.create_user(&user).await.unwrap();
    school.members().add(user.id, Roles::of_codes(roles.split(' '))).await.unwrap();
    user
}

/// Something that somebody else did.
pub(crate) fn audit_event() -> AuditEvent {
    AuditEvent::of_system(Act::SettingsChanged, "")
}

/// Makes the school ask for this of sign-ins.
pub(crate) async fn ask_for(school: &School, security: Security) {
    let before = school.settings().get().await.unwrap();
    let after = Settings { security, ..before.clone() };
    school.settings().change(&before, after, &audit_event(), NOON).await.unwrap();
}

/// Makes a link's token, as the dispatcher does when it mails one.
pub(crate) async fn mail(house: &House, user: &User, kind: OneTimeKind, secret: &str) {
    let school = house.school.id();
    let mailed_to = Some(&user.email);
    let expires_ms = house.clock.now_ms() + 3_600_000;
    house.store.mint(secret, Mint { user, kind, school, mailed_to, expires_ms }).await.unwrap();
}

/// The acts in the school's log, in order.
pub(crate) async fn acts(school: &School) -> Vec<Act> {
    let Some((_, first, last)) = school.audit().span().await.unwrap() else { return Vec::new() };
    let mut acts = Vec::new();
    let mut month = first;
    while month <= last {
        let entries = school.audit().month(month).await.unwrap();
        acts.extend(entries.iter().filter_map(|entry| Act::from_code(&entry.act)));
        month = month.next();
    }
    acts
}

impl<'h> Visitor<'h> {
    pub(crate) fn new(house: &'h House) -> Self {
        Self { house, cookies: RefCell::default() }
    }

    /// Signed in with [`PASSWORD`].
    pub(crate) async fn signed_in(house: &'h House, name: &str) -> Self {
        let visitor = Self::new(house);
        let answer = visitor.sign_in(name, PASSWORD).await;
        assert_eq!(answer.status.as_u16(), 303, "{answer:?}");
        visitor
    }

    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("username", name), ("password", password)]).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path), Body::empty()).await
    }

    /// Posts a form from one of our own pages, with the token of the last page that had one.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(PUBLIC_URL, path, fields).await
    }

    pub(crate) async fn post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = Request::post(path)
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded");
        self.ask(request, Body::from(form.finish())).await
    }

    /// Posts with the token of the page at `from`.
    pub(crate) async fn fill_in(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(from).await;
        let csrf = hidden(&page, "csrf");
        let mut all = vec![("csrf", &*csrf)];
        all.extend_from_slice(fields);
        self.post(path, &all).await
    }

    async fn ask(&self, request: http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header("cookie", cookies.join("; "))
            .header("user-agent", "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0");
        let answer = self.house.send(request.body(body).unwrap()).await;
        for set in answer.headers.get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// The session's cookie.
    pub(crate) fn session(&self) -> String {
        self.cookies.borrow().get("__Host-session").cloned().unwrap_or_default()
    }

    /// Has this session's cookie planted.
    pub(crate) fn plant(&self, session: &str) {
        self.cookies.borrow_mut().insert("__Host-session".to_owned(), session.to_owned());
    }

    /// Whether the first page opens.
    pub(crate) async fn is_in(&self) -> bool {
        self.get("/").await.status == 200
    }
}

/// The value of a page's hidden field.
pub(crate) fn hidden(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.text.split_once(&mark).unwrap_or_else(|| panic!("no {name} in {page:?}")).1;
    rest.split('"').next().unwrap().to_owned()
}

/// Where an answer leads.
pub(crate) fn leads_to<'a>(answer: &'a Answer, path: &str) -> &'a Answer {
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, path), "{answer:?}");
    answer
}
