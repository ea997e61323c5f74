//! OneRoster 1.1 and 1.2, over REST and as CSV.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::sync::Arc;

use domain::contact::{ContactRole, PhoneLabel};
use domain::feed::{FeedPerson, FeedSchool, GroupKind, Part, Records, Snapshot, Tie};
use serde_json::{Value, json};
use sync::mis::{
    Counter, Mis, MisError, OneRosterConfig, OneRosterCsv, OneRosterRest, Query, Secret, Version,
};

use super::faults::{self, Format, Right, is_inconsistent, is_malformed, is_too_large, is_truncated};
use super::school::{NAME, School, all_of, read, school};
use super::server::{Fault, Reply, Seen, Server, fetcher};

fn phone(person: &FeedPerson, label: PhoneLabel) -> Option<&str> {
    person.numbers.iter().find(|n| n.label == label).map(|n| n.number.as_str())
}

fn role_of(school: &School, person: &FeedPerson) -> &'static str {
    let grandmother = |t: &&Tie| t.contact == person.id && t.kind == "Grandmother";
    match person.role {
        ContactRole::Pupil => "student",
        ContactRole::Staff => "teacher",
        _ if school.ties.iter().find(grandmother).is_some() => "relative",
        _ => "parent",
    }
}

/// The school as far as OneRoster carries it: no titles, houses, priorities, court orders or marks.
fn carried() -> Snapshot {
    let mut school = school();
    for person in school.pupils.iter_mut().chain(&mut school.contacts).chain(&mut school.staff) {
        person.title = None;
        person.groups.retain(|g| g.kind != GroupKind::House);
    }
    school.groups.retain(|g| g.group.kind != GroupKind::House);
    for tie in &mut school.ties {
        tie.kind = String::from(if tie.kind == "Grandmother" { "Relative" } else { "Parent" });
        tie.priority = None;
        tie.responsibility = tie.kind == "Parent";
        tie.court_order = false;
    }
    Snapshot::assemble([
        Records::School(FeedSchool { name: NAME.to_owned() }),
        Records::Pupils(school.pupils),
        Records::Contacts { people: school.contacts, ties: school.ties },
        Records::Staff(school.staff),
        Records::Groups(school.groups),
    ])
    .unwrap()
}

fn agents(school: &School, person: &FeedPerson) -> Vec<String> {
    school.ties.iter().filter(|t| t.pupil == person.id).map(|t| t.contact.to_string()).collect()
}

fn grade(person: &FeedPerson) -> Option<String> {
    let year = person.groups.iter().find(|g| g.kind == GroupKind::Year)?;
    Some(format!("0{}", year.name.strip_prefix("Year ").unwrap()))
}

fn reference(id: &str, kind: &str) -> Value {
    json!({ "href": format!("https://mis.example.org/{kind}s/{id}"), "sourcedId": id, "type": kind })
}

fn people(school: &School) -> Vec<&FeedPerson> {
    school.pupils.iter().chain(&school.contacts).chain(&school.staff).collect()
}

fn user(school: &School, version: Version, person: &FeedPerson) -> Value {
    let mut user = json!({
        "sourcedId": person.id, "status": "active", "dateLastModified": "2026-01-01T00:00:00.000Z",
        "enabledUser": "true", "givenName": person.forename, "familyName": person.surname,
        "email": person.emails.first(), "sms": phone(person, PhoneLabel::Mobile),
        "phone": phone(person, PhoneLabel::Home), "grades": grade(person).into_iter().collect::<Vec<_>>(),
        "agents": agents(school, person).iter().map(|a| reference(a, "user")).collect::<Vec<_>>(),
    });
    let role = role_of(school, person);
    match version {
        Version::V1p1 => {
            user["role"] = json!(role);
            user["orgs"] = json!([reference("org-1", "org")]);
        }
        Version::V1p2 => {
            user["roles"] =
                json!([{ "roleType": "primary", "role": role, "org": reference("org-1", "org") }]);
        }
    }
    user
}

fn classes(school: &School) -> Vec<(String, &domain::feed::FeedGroup)> {
    let taught =
        school.groups.iter().filter(|g| matches!(g.group.kind, GroupKind::Class | GroupKind::Registration));
    taught.enumerate().map(|(n, g)| (format!("class-{n}"), g)).collect()
}

fn list(school: &School, version: Version, path: &str) -> (&'static str, Vec<Value>) {
    let base = |id: &str| json!({ "sourcedId": id, "status": "active", "dateLastModified": "2026-01-01T00:00:00.000Z" });
    match path {
        "schools" => {
            let mut org = base("org-1");
            org["name"] = json!(NAME);
            org["type"] = json!("school");
            ("orgs", vec![org])
        }
        "users" => ("users", people(school).into_iter().map(|p| user(school, version, p)).collect()),
        "classes" => {
            let row = |(id, group): &(String, &domain::feed::FeedGroup)| {
                let homeroom = group.group.kind == GroupKind::Registration;
                let mut class = base(id);
                class["title"] = json!(group.group.name);
                class["classType"] = json!(if homeroom { "homeroom" } else { "scheduled" });
                class["school"] = reference("org-1", "org");
                class
            };
            ("classes", classes(school).iter().map(row).collect())
        }
        "enrollments" => {
            let mut rows = Vec::new();
            for (class, group) in classes(school) {
                for member in &group.members {
                    let mut row = base(&format!("{class}.{member}"));
                    row["user"] = reference(member.as_str(), "user");
                    row["class"] = reference(&class, "class");
                    row["role"] = json!("student");
                    rows.push(row);
                }
            }
            ("enrollments", rows)
        }
        other => panic!("{other}"),
    }
}

/// Gives seven records at most, whatever is asked for; `counts` says whether it tells how many there are.
fn render(school: &School, version: Version, counts: bool, seen: &Seen) -> Reply {
    if seen.method == "POST" {
        // base64 of `messenger:s3cret`.
        let known = seen.headers.contains("authorization: Basic bWVzc2VuZ2VyOnMzY3JldA==");
        assert!(seen.body.contains("grant_type=client_credentials"), "{}", seen.body);
        return if known {
            Reply::ok(json!({ "access_token": "abc", "expires_in": 3600, "token_type": "bearer" }))
        } else {
            Reply::status(400)
        };
    }
    assert!(seen.headers.contains("authorization: Bearer abc"), "{}", seen.headers);
    let (key, rows) = list(school, version, seen.path.strip_prefix("/or/").unwrap());
    let some: Vec<&Value> = rows.iter().skip(seen.number("offset").unwrap()).take(7).collect();
    let reply = Reply::ok(json!({ key: some }));
    if counts { reply.with("x-total-count", rows.len().to_string()) } else { reply }
}

fn config(url: &str, version: Version) -> OneRosterConfig {
    OneRosterConfig {
        base_url: format!("{url}or"),
        token_url: format!("{url}token"),
        client_id: "messenger".to_owned(),
        client_secret: Secret::new("s3cret"),
        version,
        school: None,
    }
}

pub(crate) async fn started(version: Version, counts: bool) -> (Server, OneRosterRest) {
    let school = school();
    let server = Server::start(move |seen| render(&school, version, counts, seen)).await;
    let mis = OneRosterRest::new(fetcher().0, config(&server.url, version)).unwrap();
    (server, mis)
}

#[tokio::test]
async fn both_versions_are_read_whole_whether_the_server_counts_or_not() {
    for version in [Version::V1p1, Version::V1p2] {
        for counts in [true, false] {
            let (server, mis) = started(version, counts).await;
            assert_eq!(read(&mis).await.unwrap(), carried(), "{version:?} {counts}");
            let seen = server.seen.lock().unwrap();
            let first =
                |path: &str| seen.iter().filter(|s| s.path == path && s.param("offset") == Some("0")).count();
            assert_eq!(first("/or/users"), 1, "the users are read once for three parts");
        }
    }
}

#[tokio::test]
async fn only_what_changed_is_asked_for_when_that_will_do() {
    let (server, mis) = started(Version::V1p2, true).await;
    let since = Some("2026-01-12T08:00:00Z".parse().unwrap());
    for (part, whole) in [(Part::Pupils, false), (Part::Staff, false), (Part::Contacts, true)] {
        let reading = mis.read(Query { since, ..all_of(part) }, &Counter::default()).await.unwrap();
        assert_eq!(reading.whole, whole, "{part:?}");
    }
    let seen = server.seen.lock().unwrap();
    let filters: Vec<_> = seen.iter().filter_map(|s| s.param("filter")).collect();
    assert!(
        filters.iter().all(|f| *f == "dateLastModified>'2026-01-12T08:00:00.000Z'") && !filters.is_empty()
    );
}

#[tokio::test]
async fn faults_are_told_and_never_shorten_the_feed() {
    let start = || async {
        let (server, mis) = started(Version::V1p2, true).await;
        (server, Arc::new(mis) as Arc<dyn Mis>)
    };
    faults::check(start, Format { first: 1, part: Part::Pupils, renews: false }).await;
}

#[tokio::test]
async fn pages_that_do_not_add_up_are_refused() {
    let page = |total: &str, ids: &[usize]| {
        let users: Vec<Value> =
            ids.iter().map(|n| json!({ "sourcedId": n.to_string(), "role": "student" })).collect();
        let reply = Reply::ok(json!({ "users": users }));
        Fault::Answer(if total.is_empty() { reply } else { reply.with("x-total-count", total) })
    };
    let table: [(&str, Vec<Fault>, Right); 6] = [
        ("fewer than counted", vec![page("4", &[1, 2]), page("4", &[])], is_truncated),
        ("more than counted", vec![page("1", &[1, 2])], is_truncated),
        ("the count changes", vec![page("4", &[1, 2]), page("3", &[3])], is_truncated),
        ("somebody twice", vec![page("4", &[1, 2]), page("4", &[2, 3])], is_inconsistent),
        ("pages without end", (1..=20).map(|n| page("", &[n])).collect(), is_too_large),
        ("no list", vec![Fault::Answer(Reply::ok(json!({ "orgs": [] })))], is_malformed),
    ];
    for (what, faults, right) in table {
        let (server, mis) = started(Version::V1p1, true).await;
        server.fail(std::iter::once(Fault::None).chain(faults));
        let error = mis.read(all_of(Part::Pupils), &Counter::default()).await.unwrap_err();
        assert!(right(&error), "{what}: {error:?}");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_said() {
    let (server, _) = started(Version::V1p2, true).await;
    let wrong = OneRosterConfig { client_secret: Secret::new("other"), ..config(&server.url, Version::V1p2) };
    let mis = OneRosterRest::new(fetcher().0, wrong).unwrap();
    let error = mis.read(all_of(Part::School), &Counter::default()).await.unwrap_err();
    assert!(matches!(error, MisError::Unauthorised { .. }), "{error:?}");
}

/// The school's package; `wrong` gets each file to spoil it.
pub(crate) fn package(wrong: impl Fn(&str, String) -> Option<String>) -> Vec<u8> {
    let school = school();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut users = "\u{feff}SourcedID,Status,DateLastModified,EnabledUser,Username,GivenName,FamilyName,Email,SMS,Phone,AgentSourcedIds,Grades,Password\r\n".to_owned();
    let mut roles =
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,orgSourcedId\r\n".to_owned();
    for person in people(&school) {
        let cells = [
            person.id.as_str(),
            "",
            "",
            "true",
            person.id.as_str(),
            &person.forename,
            &person.surname,
            person.emails.first().map_or("", String::as_str),
            phone(person, PhoneLabel::Mobile).unwrap_or_default(),
            phone(person, PhoneLabel::Home).unwrap_or_default(),
            &agents(&school, person).join(","),
            &grade(person).unwrap_or_default(),
            "never read",
        ];
        users.push_str(&cells.map(quoted).join(","));
        users.push_str("\r\n");
        let _ = write!(roles, "r-{0},,,{0},primary,{1},org-1\r\n", person.id, role_of(&school, person));
    }
    let mut classes_csv = "sourcedId,status,dateLastModified,title,classType,schoolSourcedId\r\n".to_owned();
    let mut enrolments =
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role\r\n".to_owned();
    for (id, group) in classes(&school) {
        let kind = if group.group.kind == GroupKind::Registration { "homeroom" } else { "scheduled" };
        let _ = write!(classes_csv, "{id},,,{},{kind},org-1\r\n", group.group.name);
        for member in &group.members {
            let _ = write!(enrolments, "{id}.{member},,,{id},org-1,{member},student\r\n");
        }
    }
    let files = [
        ("manifest.csv", "propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.2\r\nfile.users,bulk\r\nfile.orgs,bulk\r\nfile.roles,bulk\r\nfile.classes,bulk\r\nfile.enrollments,bulk\r\n".to_owned()),
        ("orgs.csv", format!("sourcedId,status,dateLastModified,name,type,identifier\r\norg-1,,,{NAME},school,1\r\n")),
        ("users.csv", users),
        ("roles.csv", roles),
        ("classes.csv", classes_csv),
        ("enrollments.csv", enrolments),
    ];
    zipped(files.into_iter().filter_map(|(name, text)| Some((name, wrong(name, text)?))))
}

fn zipped<'a>(files: impl Iterator<Item = (&'a str, String)>) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_package_is_read_into_the_same_feed() {
    let mis = OneRosterCsv::new(&package(|_, text| Some(text))).unwrap();
    assert_eq!(read(&mis).await.unwrap(), carried());
}

#[test]
fn a_package_that_is_not_whole_is_refused() {
    let table: [(&str, Vec<u8>, Right); 7] = [
        ("no zip", b"hello".to_vec(), is_truncated),
        ("half of it", package(|_, t| Some(t))[..900].to_vec(), is_truncated),
        ("no manifest", package(|n, t| (n != "manifest.csv").then_some(t)), is_truncated),
        ("no roles", package(|n, t| (n != "roles.csv").then_some(t)), is_truncated),
        (
            "changes only",
            package(|_, t| Some(t.replace("file.users,bulk", "file.users,delta"))),
            is_malformed,
        ),
        (
            "ends within a row",
            package(|n, t| Some(if n == "users.csv" { t[..t.len() - 40].to_owned() } else { t })),
            is_truncated,
        ),
        (
            "two schools",
            package(|n, t| Some(if n == "orgs.csv" { t + "org-2,,,Other,school,2\r\n" } else { t })),
            is_malformed,
        ),
    ];
    for (what, bytes, right) in table {
        let error = OneRosterCsv::new(&bytes).err().expect(what);
        assert!(right(&error), "{what}: {error:?}");
    }
}

#[test]
fn a_package_that_unpacks_to_far_too_much_is_refused() {
    let bytes = package(|n, t| Some(if n == "users.csv" { t + &" ".repeat(65 << 20) } else { t }));
    assert!(bytes.len() < 1 << 20);
    let error = OneRosterCsv::new(&bytes).err().unwrap();
    assert!(matches!(error, MisError::TooLarge(_)), "{error:?}");
}

#[tokio::test]
async fn somebody_who_is_there_twice_is_refused() {
    let twice = |n: &str, t: String| {
        Some(if n == "users.csv" { format!("{t}PL-100,,,true,x,Ada,Okafor,,,,,07,\r\n") } else { t })
    };
    let mis = OneRosterCsv::new(&package(twice)).unwrap();
    let error = mis.read(all_of(Part::Pupils), &Counter::default()).await.unwrap_err();
    assert!(matches!(error, MisError::Inconsistent(_)), "{error:?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test says where the contract data is")]
async fn packages_of_others_are_understood() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let specs =
        std::env::var_os("SPECS_DIR").map_or_else(|| "../shared/specs".into(), std::path::PathBuf::from);
    let folder = root.join(specs).join("oneroster/csv_fixtures/catalyst");
    if !folder.exists() {
        println!("skipped: no packages");
        return;
    }
    for (name, people) in
        [("Test_full_data_set.zip", 1), ("v1p2_full_dataset.zip", 1), ("Test_minimal_data_set.zip", 1)]
    {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        match OneRosterCsv::new(&bytes) {
            Ok(mis) => assert!(read(&mis).await.unwrap().people.len() >= people, "{name}"),
            Err(error) => assert!(matches!(error, MisError::Malformed(_)), "{name}: {error:?}"),
        }
    }
}
