//! Xporter on Demand.

use std::sync::Arc;

use domain::contact::PhoneLabel;
use domain::feed::{FeedPerson, GroupKind, Part};
use serde_json::{Value, json};
use sync::mis::{Counter, Mis, MisError, Secret, Xporter, XporterConfig};

use super::faults::{self, Format, Right, is_inconsistent, is_malformed, is_too_large, is_truncated};
use super::school::{DAY, NAME, School, all_of, read, school};
use super::server::{Fault, Reply, Seen, Server, fetcher};

fn bare(id: &str) -> &str {
    id.split_once('-').unwrap().1
}

fn phone(person: &FeedPerson, label: PhoneLabel) -> Option<&str> {
    person.numbers.iter().find(|n| n.label == label).map(|n| n.number.as_str())
}

fn adult(person: &FeedPerson) -> Value {
    json!({
        "Id": bare(person.id.as_str()), "IdaasId": person.id, "Title": person.title, "Forename": person.forename,
        "Surname": person.surname, "MobilePhone": phone(person, PhoneLabel::Mobile),
        "HomePhone": phone(person, PhoneLabel::Home), "WorkPhone": phone(person, PhoneLabel::Work),
        "WorkEmail": null, "HomeEmail": person.emails.first(), "StaffStatus": "Current",
    })
}

fn pupil(person: &FeedPerson) -> Value {
    let group = |kind| person.groups.iter().find(|g| g.kind == kind).map(|g| g.name.replace(' ', "  "));
    json!({
        "Id": bare(person.id.as_str()), "Forename": person.forename, "Surname": person.surname,
        "YearGroup": group(GroupKind::Year), "HouseGroup": group(GroupKind::House),
        "RegGroup": group(GroupKind::Registration), "WorkEmail": null, "StudentStatus": "OnRoll",
        "UPN": "never read", "DateOfBirth": "2012-01-01",
    })
}

fn list(school: &School, endpoint: &str) -> Option<(&'static str, Vec<Value>)> {
    Some(match endpoint {
        "Students" => ("Students", school.pupils.iter().map(pupil).collect()),
        "Contacts" => ("Contacts", school.contacts.iter().map(adult).collect()),
        "Staff" => ("Staff", school.staff.iter().map(adult).collect()),
        "StudentContacts" => {
            let row = |t: &domain::feed::Tie| {
                json!({
                    "Id": format!("{}.{}", t.pupil, t.contact), "StudentId": bare(t.pupil.as_str()),
                    "ContactId": bare(t.contact.as_str()), "Relationship": t.kind, "Priority": t.priority,
                    "ParResp": u8::from(t.responsibility), // Not only a yes bars.
                    "CourtOrder": if t.court_order { json!("Restricted") } else { json!(0) },
                })
            };
            ("StudentContacts", school.ties.iter().map(row).collect())
        }
        "Groups" => {
            let row = |g: &domain::feed::FeedGroup| {
                let kind = match g.group.kind {
                    GroupKind::Year => "YearGrp",
                    GroupKind::House => "HouseGrp",
                    GroupKind::Registration => "RegGrp",
                    GroupKind::Class | GroupKind::Other => "TeachingGrp",
                };
                let ids = |prefix: &str| {
                    let of = g.members.iter().filter_map(|m| m.as_str().strip_prefix(prefix));
                    of.collect::<Vec<_>>().join(",")
                };
                json!({ "Id": "1", "Type": kind, "Code": "x", "Name": g.group.name, "NumStudents": g.members.len(),
                    "StudentIds": ids("PL-"), "StaffIds": ids("PWT-") })
            };
            ("Group", school.groups.iter().map(row).collect())
        }
        "AttendanceForDate" => {
            let row = |m: &domain::feed::Mark| {
                json!({
                    "Date": m.date.to_string(), "StudentId": bare(m.pupil.as_str()), "Mark": m.code,
                    "MinsLate": m.minutes_late, "Type": "S", "Session": m.session.code(),
                })
            };
            ("AttendMarks", school.marks.iter().map(row).collect())
        }
        _ => return None,
    })
}

/// Five rows to a page, whatever is asked for, so that every list has several.
fn render(school: &School, seen: &Seen) -> Reply {
    const SIZE: usize = 5;
    if seen.method == "POST" {
        let known = seen.body.contains("\"password\":\"s3cret\"");
        let token = known.then_some("abc");
        return Reply::ok(
            json!({ "token": token, "expires": "2026-01-12T20:00:00Z", "ExceptionMessage": null }),
        );
    }
    assert!(seen.headers.contains("authorization: Idaas abc"), "{}", seen.headers);
    let endpoint = seen.path.strip_prefix("/api/v1/School/3281101/").unwrap().trim_end_matches('/');
    if endpoint == "SchoolInfo" {
        return Reply::ok(json!({ "SchoolInfo": [{ "Id": "1", "Name": NAME }], "meta": [{ "Id": 1 }] }));
    }
    let (key, mut rows) = list(school, endpoint).unwrap();
    if let Some(date) = seen.param("date") {
        rows.retain(|row| row["Date"] == date);
    }
    let pages = rows.len().div_ceil(SIZE).max(1);
    // As the service does: beyond the last page comes the last page again.
    let page = seen.number("page").unwrap().min(pages);
    let some: Vec<Value> = rows.iter().skip((page - 1) * SIZE).take(SIZE).cloned().collect();
    Reply::ok(json!({
        key: some, "meta": [{ "Id": 1 }],
        "__pagination__": [{ "PageSize": SIZE, "PageNumber": page, "PageCount": pages, "RowCount": rows.len() }],
    }))
}

fn config(url: &str) -> XporterConfig {
    XporterConfig {
        base_url: url.to_owned(),
        token_url: format!("{url}idaas/sts/STS/GetToken"),
        estab: "3281101".to_owned(),
        relying_party: "messenger.example.org".to_owned(),
        password: Secret::new("s3cret"),
    }
}

pub(crate) async fn started(school: School) -> (Server, Xporter) {
    let server = Server::start(move |seen| render(&school, seen)).await;
    let xporter = Xporter::new(fetcher().0, config(&server.url)).unwrap();
    (server, xporter)
}

#[tokio::test]
async fn the_school_is_read_whole() {
    let (server, xporter) = started(school()).await;
    assert_eq!(read(&xporter).await.unwrap(), school().snapshot());
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.iter().filter(|s| s.method == "POST").count(), 1, "one token serves the run");
    assert!(!format!("{:?}", config(&server.url)).contains("s3cret"));
}

#[tokio::test]
async fn only_what_changed_is_asked_for_when_that_will_do() {
    let (server, xporter) = started(school()).await;
    let since = Some("2026-01-12T08:00:00Z".parse().unwrap());
    for (part, whole) in
        [(Part::Pupils, false), (Part::Contacts, false), (Part::Staff, false), (Part::Groups, true)]
    {
        let query = sync::mis::Query { since, ..all_of(part) };
        let reading = xporter.read(query, &Counter::default()).await.unwrap();
        assert_eq!(reading.whole, whole, "{part:?}");
    }
    let seen = server.seen.lock().unwrap();
    for one in seen.iter().filter(|s| s.method == "GET") {
        let delta = ["Students/", "Contacts/", "Staff/"].iter().any(|e| one.path.ends_with(&format!("/{e}")));
        assert_eq!(one.param("updatedSince").is_some(), delta, "{}", one.path);
    }
}

#[tokio::test]
async fn progress_counts_rows() {
    let (_server, xporter) = started(school()).await;
    let progress = Counter::default();
    xporter.read(all_of(Part::Pupils), &progress).await.unwrap();
    assert_eq!(progress.now(), (12, 12));
}

#[tokio::test]
async fn faults_are_told_and_never_shorten_the_feed() {
    let start = || async {
        let (server, xporter) = started(school()).await;
        (server, Arc::new(xporter) as Arc<dyn Mis>)
    };
    // The first request is for the token.
    faults::check(start, Format { first: 1, part: Part::Pupils, renews: true }).await;
}

#[tokio::test]
async fn an_error_told_with_status_200_is_an_error() {
    let table: [(&str, Right); 2] = [
        (
            "Something went wrong",
            |e| matches!(e, MisError::Refused { status: 200, said } if said == "Something went wrong"),
        ),
        ("Token has expired", |e| matches!(e, MisError::Unauthorised { .. })),
    ];
    for (said, right) in table {
        let (server, xporter) = started(school()).await;
        let error = Reply::ok(json!({ "Message": null, "ExceptionType": null, "ExceptionMessage": said }));
        server.fail([
            Fault::None,
            Fault::None,
            Fault::Answer(error.clone()),
            Fault::None,
            Fault::Answer(error),
        ]);
        let error = xporter.read(all_of(Part::Pupils), &Counter::default()).await.unwrap_err();
        assert!(right(&error), "{error:?}");
        assert!(!error.to_string().contains(said));
    }
}

#[tokio::test]
async fn a_token_that_expired_early_is_replaced_once() {
    let (server, xporter) = started(school()).await;
    server.fail([Fault::None, Fault::Answer(Reply::status(401))]);
    assert!(xporter.read(all_of(Part::Staff), &Counter::default()).await.is_ok());
    assert_eq!(server.seen.lock().unwrap().iter().filter(|s| s.method == "POST").count(), 2);
}

#[tokio::test]
async fn a_wrong_password_is_said() {
    let (server, _) = started(school()).await;
    let wrong = XporterConfig { password: Secret::new("other"), ..config(&server.url) };
    let xporter = Xporter::new(fetcher().0, wrong).unwrap();
    let error = xporter.read(all_of(Part::School), &Counter::default()).await.unwrap_err();
    assert!(matches!(error, MisError::Unauthorised { .. }));
}

#[tokio::test]
async fn pages_that_do_not_add_up_are_refused() {
    let page = |number: usize, pages: usize, rows: usize, ids: &[usize]| {
        let people: Vec<Value> =
            ids.iter().map(|n| json!({ "Id": n.to_string(), "Forename": "A", "Surname": "B" })).collect();
        let told = json!([{ "PageSize": 2, "PageNumber": number, "PageCount": pages, "RowCount": rows }]);
        Fault::Answer(Reply::ok(json!({ "Staff": people, "__pagination__": told })))
    };
    let table: [(&str, Vec<Fault>, Right); 7] = [
        ("fewer pages than rows", vec![page(1, 1, 4, &[1, 2])], is_truncated),
        ("more pages than rows", vec![page(1, 2, 2, &[1, 2]), page(2, 2, 2, &[])], is_truncated),
        ("the same page again", vec![page(1, 2, 4, &[1, 2]), page(1, 2, 4, &[1, 2])], is_malformed),
        ("somebody twice", vec![page(1, 2, 4, &[1, 2]), page(2, 2, 4, &[2, 3])], is_inconsistent),
        ("the list shrinks", vec![page(1, 2, 4, &[1, 2]), page(2, 2, 3, &[3])], is_truncated),
        (
            "pages without end",
            (1..=20).map(|n| page(n, 10_000, 20_000, &[n * 2, n * 2 + 1])).collect(),
            is_too_large,
        ),
        ("no list", vec![Fault::Answer(Reply::ok(json!({ "meta": [] })))], is_malformed),
    ];
    for (what, faults, right) in table {
        let (server, xporter) = started(school()).await;
        server.fail(std::iter::once(Fault::None).chain(faults));
        let error = xporter.read(all_of(Part::Staff), &Counter::default()).await.unwrap_err();
        assert!(right(&error), "{what}: {error:?}");
    }
}

#[tokio::test]
async fn group_members_that_did_not_come_along_are_not_an_empty_group() {
    let (server, xporter) = started(school()).await;
    let told = json!([{ "PageSize": 2, "PageNumber": 1, "PageCount": 1, "RowCount": 1 }]);
    let group = json!({ "Id": "31", "Type": "YearGrp", "Name": "Year 1", "NumStudents": 59 });
    server.fail([Fault::None, Fault::Answer(Reply::ok(json!({ "Group": [group], "__pagination__": told })))]);
    let error = xporter.read(all_of(Part::Groups), &Counter::default()).await.unwrap_err();
    assert!(matches!(error, MisError::Truncated(_)));
}

#[test]
fn an_address_inside_is_refused() {
    for url in
        ["http://10.0.0.8/", "https://169.254.169.254/", "http://mis.example.org/", "https://intranet/"]
    {
        let refused = Xporter::new(fetcher().0, config(url)).err();
        assert!(matches!(refused, Some(MisError::Address(_))), "{url}");
    }
    assert_eq!(DAY.to_string(), "2026-01-12");
}
