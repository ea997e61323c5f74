//! Every route against every role.

use std::collections::BTreeMap;

use api::services::submit::{Origin, Submission, Submitted, submit};
use axum::body::Body;
use domain::audit::{Act, AuditEvent, Who};
use domain::ids::{RunId, SyncFileId, UserId};
use domain::people::{Profile, Role, Roles, Scope, Standing};
use domain::sync::{Asked, LEASE_MS, Run, RunState, SyncFile};
use http::Request;
use serde_json::json;
use store::{ApiToken, Author, Begun, Lifetime, MemberChange, School, User};
use ulid::Ulid;

use crate::kit::{Answer, House, NOON, PUBLIC_URL, settings};
use crate::routes::STAFF;

fn user_id(number: u128) -> UserId {
    UserId::new(Ulid::from_parts(2, number))
}

/// A browser of somebody with these roles.
pub(crate) struct Browser<'h> {
    house: &'h House,
    pub(crate) cookie: String,
    csrf: String,
}

impl<'h> Browser<'h> {
    pub(crate) async fn of(house: &'h House, school: &School, number: u128, roles: Roles) -> Self {
        let id = user_id(number);
        let name = format!("user{number}");
        let user = User { id, ..testkit::user(number, &name, &format!("{name}@hillview.example")) };
        let lifetime = Lifetime { idle_ms: 3_600_000, longest_ms: 3_600_000 };
        let token = format!("token{number}-{}", school.id());
        let cookie = house.cookie_of(school, &user, roles, &token, lifetime).await;
        Self { house, cookie, csrf: "csrf".to_owned() }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str) -> Answer {
        if method == "POST" {
            return self.post(path, "").await;
        }
        let request = Request::builder().method(method).uri(path).header("cookie", &self.cookie);
        self.house.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &str) -> Answer {
        let request = Request::post(path)
            .header("cookie", &self.cookie)
            .header("origin", PUBLIC_URL)
            .header("content-type", "application/x-www-form-urlencoded");
        let body = format!("csrf={}&{fields}", self.csrf);
        self.house.send(request.body(Body::from(body)).unwrap()).await
    }
}

/// A sync run that is held.
async fn held_run(school: &School) -> RunId {
    let id = RunId::new(Ulid::from_parts(8, 8));
    let mut run = Run::new(id, Asked::Schedule, NOON);
    assert_eq!(school.sync().begin(&run, LEASE_MS, NOON).await.unwrap(), Begun::New);
    run.changes.left = 3;
    run.end(RunState::Held, None, NOON);
    school.sync().end(&run, NOON).await.unwrap();
    id
}

/// Things of a school that routes can name: path with `{id}` → id.
pub(crate) async fn things(house: &House, key: &str, school: &School) -> BTreeMap<&'static str, String> {
    let post = async |path: &str, body: serde_json::Value| {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        house.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    // Entered by hand: what is imported cannot be changed by anybody.
    let office = Browser::of(house, school, 9_000, Roles::all()).await;
    let ann = "id=ann&forename=Ann&surname=Other&role=parent&mobile=07700900123";
    assert_eq!(office.post("/contacts/new", ann).await.status.as_u16(), 303);
    let message = json!({
        "purpose": "service", "channels": ["sms"], "to": {"everyone": true}, "sms": {"text": "Hello"}
    });
    let sent = post("/api/v1/messages", message).await;
    let author = Author { id: "somebody".to_owned(), name: "Somebody".to_owned() };
    let ticket = api::services::imports::create(&house.state, school, author, "a.csv", 10).await.unwrap();
    // Who may only sign in, and a set of roles that everybody may give.
    let colleague = user_id(9_001);
    Browser::of(house, school, 9_001, Roles::NONE.with(Role::User)).await;
    let profile = Ulid::from_parts(7, 7);
    let asking = Profile { name: "Asking".to_owned(), roles: Roles::NONE.with(Role::User) };
    let made = AuditEvent::of_system(Act::ProfileChanged, profile.to_string());
    school.profiles().add(profile, asking, &made, NOON).await.unwrap();
    // One that waits: its author may write and not send.
    let writes = Roles::of_codes(["user", "composeMessage"]);
    let teacher = Browser::of(house, school, 9_002, writes).await;
    let text = "to=everyone&sms=yes&sms_text=Hello&purpose=service&key=waits";
    let page = teacher.post("/send", &format!("{text}&do=check")).await.text;
    let expect = page.split_once("name=\"expect\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let handed_in = teacher.post("/send", &format!("{text}&expect={expect}&do=send")).await;
    let waits = handed_in.header("location").split(['/', '?']).nth(2).unwrap().to_owned();
    let run = held_run(school).await;
    let file = SyncFileId::new(Ulid::from_parts(8, 9));
    let handed_in = SyncFile::new(file, "report.csv".to_owned(), 10, Asked::Schedule, NOON);
    school.sync().files().create(&handed_in).await.unwrap();
    // A key that does nothing which its maker needs another role for.
    let replaceable = ApiToken::new(&format!("Mis{}", school.id()), &"7".repeat(40)).unwrap();
    let scopes = [Scope::SyncRun.code().to_owned()];
    school.api_keys().create(&replaceable, "MIS", &scopes, NOON).await.unwrap();
    BTreeMap::from([
        ("sync", run.to_string()),
        ("authorise", waits),
        ("messages", sent.json()["id"].as_str().unwrap().to_owned()),
        ("contacts", "ann".to_owned()),
        ("upload", ticket.id.to_string()),
        ("settings/mis/files", file.to_string()),
        ("settings/keys", replaceable.id().to_owned()),
        ("users", colleague.to_string()),
        ("users/profiles", profile.to_string()),
    ])
}

pub(crate) fn filled(path: &str, things: &BTreeMap<&'static str, String>) -> String {
    things
        .iter()
        // A longer kind before the one that begins it.
        .rev()
        .find(|(kind, _)| path.starts_with(&format!("/{kind}/")))
        .map_or_else(|| path.to_owned(), |(_, id)| path.replace("{id}", id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_what_opens_a_page_and_does_a_thing_and_nothing_else_is() {
    let house = House::start().await;
    let things = things(&house, &house.key, &house.school).await;
    let mut number = 100;
    for (method, path, enough) in STAFF {
        let path = filled(path, &things);
        let enough = Roles::of_codes(enough.split(' '));
        let mut ask = async |roles: Roles| {
            number += 1;
            Browser::of(&house, &house.school, number, roles).await.ask(method, &path).await.status.as_u16()
        };
        for role in enough.iter() {
            let status = ask(Roles::NONE.with(Role::User).with(role)).await;
            // Stopping and sending again also ask to see the message.
            let both = Roles::NONE.with(Role::User).with(role).with(Role::MessageHistory);
            let status = if status == 403 { ask(both).await } else { status };
            assert!(!matches!(status, 401 | 403) && status < 500, "{method} {path} with {role:?}: {status}");
        }
        let mut without = Roles::all().without(Role::Admin);
        for role in enough.iter() {
            without = without.without(role);
        }
        if !enough.has(Role::User) {
            let status = ask(without).await;
            assert_eq!(status, 403, "{method} {path} without {enough:?}");
            let admin = ask(Roles::NONE.with(Role::User).with(Role::Admin)).await;
            let expected = *method == "GET" && path != "/contacts/new" || enough.has(Role::Admin);
            assert_eq!(admin != 403, expected, "{method} {path} for a mere administrator: {admin}");
        }
        assert!(
            matches!(ask(Roles::all().without(Role::User)).await, 401 | 403),
            "{method} {path} without user"
        );
    }
}

/// What a key may be used for, and the roles that whoever makes or replaces it needs beside `preferences`.
const SCOPES: &[(Scope, &str)] = &[
    (Scope::ContactsWrite, "addContact editContact"),
    (Scope::MessagesWrite, "composeMessage authoriseMessage"),
    (Scope::MessagesRead, "messageHistory"),
    (Scope::UsageRead, "messageHistory"),
    (Scope::SyncRun, "user"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_nothing_that_its_maker_may_not_do() {
    let house = House::start().await;
    assert_eq!(SCOPES.len(), Scope::ALL.len());
    let mut number = 100;
    for (scope, needed) in SCOPES {
        let token = ApiToken::new(&format!("Old{number}"), &"7".repeat(40)).unwrap();
        house.school.api_keys().create(&token, "Old", &[scope.code().to_owned()], NOON).await.unwrap();
        let mut answers = async |roles: Roles| {
            number += 1;
            let by = Browser::of(&house, &house.school, number, roles).await;
            let offered = by.ask("GET", "/settings/keys").await.text;
            let made = format!("name=X{number}&kind=own&cap=&scope={}", scope.code());
            let rotate = format!("/settings/keys/{}/rotate", token.id());
            let offers = offered.contains(&format!("value=\"{}\"", scope.code()));
            assert_eq!(offered.contains(&rotate), offers, "{scope:?} with {roles:?}");
            let (asked, made) = (by.post(&rotate, "").await, by.post("/settings/keys", &made).await);
            assert_eq!(made.text.contains("msk_"), made.status == 200, "{made:?}");
            (offers, asked.status.as_u16(), made.status.as_u16())
        };
        let needed = Roles::of_codes(needed.split(' '));
        let own = Roles::NONE.with(Role::User).with(Role::Preferences);
        let enough = needed.iter().fold(own, Roles::with);
        assert_eq!(answers(enough).await, (true, 200, 200), "{scope:?}");
        for role in needed.iter().filter(|role| *role != Role::User) {
            let answer = answers(Roles::all().without(role)).await;
            assert_eq!(answer, (false, 403, 403), "{scope:?} without {role:?}");
        }
        let key = house.school.api_keys().get(token.id()).await.unwrap().unwrap();
        assert!(key.has_scope(scope.code()), "one that is there keeps what it has");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_is_taken_without_the_sessions_token_or_from_another_site() {
    let house = House::start().await;
    let things = things(&house, &house.key, &house.school).await;
    let browser = Browser::of(&house, &house.school, 1, Roles::all()).await;
    for (_, path, _) in STAFF.iter().filter(|(method, _, _)| *method == "POST") {
        let path = filled(path, &things);
        let picture = path.ends_with("/logo");
        for (origin, token) in
            [(PUBLIC_URL, ""), (PUBLIC_URL, "csrf=other&"), ("https://evil.example", "csrf=csrf&")]
        {
            let kind =
                if picture { "multipart/form-data; boundary=x" } else { "application/x-www-form-urlencoded" };
            let request = Request::post(&path)
                .header("cookie", &browser.cookie)
                .header("origin", origin)
                .header("content-type", kind);
            let fields = format!("{token}sure=yes&do=send&version=1");
            let body = if picture { "--x--\r\n".to_owned() } else { fields };
            let answer = house.send(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(answer.status.as_u16(), 403, "{path} from {origin} with {token:?}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_wrong_is_said_inside_the_frame_with_a_way_back() {
    let house = House::start().await;
    let browser = Browser::of(&house, &house.school, 1, Roles::of_codes(["user", "messageHistory"])).await;
    for (path, status, title) in [
        ("/settings", 403, "Not allowed"),
        ("/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV", 404, "Not found"),
        ("/nowhere", 404, "Not found"),
    ] {
        let from = |referer: &str| {
            let request = Request::get(path).header("cookie", &browser.cookie).header("referer", referer);
            request.body(Body::empty()).unwrap()
        };
        let page = house.send(from(&format!("{PUBLIC_URL}/history?q=a"))).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.text.contains(&format!("<h1>{title}</h1>")), "{page:?}");
        for said in ["Signed in as", "href=\"/history?q=a\">Go back", "href=\"/history\"", "Release notes"] {
            assert!(page.text.contains(said), "{path} {said}: {page:?}");
        }
        for elsewhere in ["https://evil.example/", "https://messenger.example.com.evil.example/", ""] {
            assert!(!house.send(from(elsewhere)).await.text.contains("Go back"), "{elsewhere}");
        }
    }
    let stranger = house.send(Request::get("/nowhere").body(Body::empty()).unwrap()).await;
    assert!(stranger.status == 404 && !stranger.text.contains("Signed in as"), "{stranger:?}");
    let script = Request::get("/settings").header("cookie", &browser.cookie).header("sec-fetch-mode", "cors");
    let part = house.send(script.body(Body::empty()).unwrap()).await;
    assert!(part.status == 403 && !part.text.contains("Signed in as"), "no page for a script: {part:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wrote_a_message_sees_it_without_the_history_and_nobody_elses() {
    let house = House::start().await;
    let things = things(&house, &house.key, &house.school).await;
    let teacher = Roles::of_codes(["user", "composeMessage"]);
    let browser = Browser::of(&house, &house.school, 1, teacher).await;
    let author = Author { id: user_id(1).to_string(), name: "Olive Field".to_owned() };
    let message = serde_json::from_value(json!({
        "purpose": "service", "to": {"everyone": true}, "sms": {"header": "", "text": "Hello"}
    }));
    let origin = Origin::Partner { school: &house.school, author, cap: None };
    let own = Submission { message: message.unwrap(), settings: settings(), origin, idempotency: None };
    let Submitted::Accepted { id: own, .. } = submit(&house.state, own).await.unwrap() else { panic!() };
    for (id, status) in [(own.to_string(), 200), (things["messages"].clone(), 403)] {
        for part in ["", "/live", "/deliveries"] {
            let answer = browser.ask("GET", &format!("/messages/{id}{part}")).await;
            assert_eq!(answer.status.as_u16(), status, "{part}");
        }
    }
    let stopped = browser.ask("POST", &format!("/messages/{own}/stop")).await;
    assert_eq!(stopped.status.as_u16(), 200, "their own may be stopped: asks first");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_disabled_is_out_from_the_next_request_on() {
    let house = House::start().await;
    let browser = Browser::of(&house, &house.school, 1, Roles::of_codes(["user"])).await;
    let admin = Browser::of(&house, &house.school, 2, Roles::all()).await;
    assert_eq!(browser.ask("GET", "/").await.status.as_u16(), 200);
    let member = async |number| house.school.members().get(user_id(number)).await.unwrap().unwrap();
    let (by, of) = (member(2).await, member(1).await);
    let event = AuditEvent {
        who: Who::User(user_id(2).to_string()),
        from: String::new(),
        act: Act::UserDisabled,
        on: user_id(1).to_string(),
        changes: Vec::new(),
    };
    let change = MemberChange { standing: Standing::Disabled, ..of.as_change() };
    house.school.members().change(&by, &of, change, &event, NOON).await.unwrap();
    let answer = browser.ask("GET", "/").await;
    assert!(answer.status.as_u16() == 401 || answer.header("location").starts_with("/sign-in"), "{answer:?}");
    assert_eq!(admin.ask("GET", "/").await.status.as_u16(), 200);
}
