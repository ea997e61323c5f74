//! SIF 3, Australian data model.

use std::fmt::Write as _;
use std::sync::Arc;

use domain::contact::{ContactRole, PhoneLabel};
use domain::feed::{FeedPerson, GroupKind, Part, Snapshot};
use sync::mis::{Counter, Mis, Secret, Sif, SifConfig};

use super::faults::{self, Format, Right, is_inconsistent, is_too_large, is_truncated};
use super::school::{NAME, School, all_of, read, school};
use super::server::{Fault, Reply, Seen, Server, fetcher};

/// The school as far as the objects carry it: no houses, court orders, minutes.
fn carried() -> Snapshot {
    let mut school = school();
    for pupil in &mut school.pupils {
        pupil.groups.retain(|g| g.kind != GroupKind::House);
    }
    school.groups.retain(|g| g.group.kind == GroupKind::Class);
    school.ties.iter_mut().for_each(|tie| tie.court_order = false);
    school.marks.iter_mut().for_each(|mark| mark.minutes_late = None);
    school.snapshot()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}

fn personal(object: &str, person: &FeedPerson) -> String {
    let mut info = format!(
        "<PersonInfo><Name Type=\"LGL\"><Title>{}</Title><FamilyName>{}</FamilyName><GivenName>{}</GivenName></Name>",
        person.title.as_deref().unwrap_or_default(),
        escaped(&person.surname),
        escaped(&person.forename),
    );
    info.push_str("<PhoneNumberList>");
    for number in &person.numbers {
        let kind = if number.label == PhoneLabel::Mobile { "0888" } else { "0096" };
        let _ = write!(info, "<PhoneNumber Type=\"{kind}\"><Number>{}</Number></PhoneNumber>", number.number);
    }
    info.push_str("</PhoneNumberList><EmailList>");
    for email in &person.emails {
        let _ = write!(info, "<Email Type=\"01\">{email}</Email>");
    }
    info.push_str("</EmailList></PersonInfo>");
    let group = |kind| person.groups.iter().find(|g| g.kind == kind).map_or("", |g| g.name.as_str());
    let recent = if person.role == ContactRole::Pupil {
        let year = group(GroupKind::Year).trim_start_matches("Year ");
        let home = group(GroupKind::Registration);
        format!(
            "<MostRecent><YearLevel><Code>{year}</Code></YearLevel><Homegroup>{home}</Homegroup></MostRecent>"
        )
    } else {
        String::new()
    };
    format!("<{object} RefId=\"{}\">{info}{recent}</{object}>", person.id)
}

fn relationship(t: &domain::feed::Tie) -> String {
    format!(
        "<StudentContactRelationship RefId=\"{0}.{1}\"><StudentPersonalRefId>{0}</StudentPersonalRefId>\
         <StudentContactPersonalRefId>{1}</StudentContactPersonalRefId><Relationship><Code>{2}</Code>\
         </Relationship><ContactFlags><ParentLegalGuardian>{3}</ParentLegalGuardian></ContactFlags>\
         <ContactSequence>{4}</ContactSequence></StudentContactRelationship>",
        t.pupil,
        t.contact,
        t.kind,
        if t.responsibility { "Y" } else { "N" },
        t.priority.unwrap(),
    )
}

fn teaching_group(g: &domain::feed::FeedGroup) -> String {
    let (mut pupils, mut staff) = (String::new(), String::new());
    for member in &g.members {
        let (to, item, key) = if member.as_str().starts_with("PL-") {
            (&mut pupils, "TeachingGroupStudent", "StudentPersonalRefId")
        } else {
            (&mut staff, "TeachingGroupTeacher", "StaffPersonalRefId")
        };
        let _ = write!(to, "<{item}><{key}>{member}</{key}></{item}>");
    }
    format!(
        "<TeachingGroup RefId=\"g\"><ShortName>{}</ShortName><StudentList>{pupils}</StudentList>\
         <TeacherList>{staff}</TeacherList></TeachingGroup>",
        g.group.name
    )
}

fn daily_attendance(m: &domain::feed::Mark) -> String {
    format!(
        "<StudentDailyAttendance RefId=\"{0}.{2}\"><StudentPersonalRefId> {0}\n</StudentPersonalRefId>\
         <Date>{1}</Date><DayValue>{2}</DayValue><AttendanceCode><Code>200</Code><OtherCodeList>\
         <OtherCode Codeset=\"Local\">{3}</OtherCode></OtherCodeList></AttendanceCode></StudentDailyAttendance>",
        m.pupil,
        m.date,
        m.session.code(),
        m.code,
    )
}

fn objects(school: &School, list: &str) -> Vec<String> {
    let people = |object: &str, list: &[FeedPerson]| list.iter().map(|p| personal(object, p)).collect();
    match list {
        "SchoolInfos" => {
            vec![format!("<SchoolInfo RefId=\"1\"><SchoolName>{NAME}</SchoolName></SchoolInfo>")]
        }
        "StudentPersonals" => people("StudentPersonal", &school.pupils),
        "StudentContactPersonals" => people("StudentContactPersonal", &school.contacts),
        "StaffPersonals" => people("StaffPersonal", &school.staff),
        "StudentContactRelationships" => school.ties.iter().map(relationship).collect(),
        "TeachingGroups" => {
            let taught = school.groups.iter().filter(|g| g.group.kind == GroupKind::Class);
            taught.map(teaching_group).collect()
        }
        "StudentDailyAttendances" => school.marks.iter().map(daily_attendance).collect(),
        other => panic!("{other}"),
    }
}

fn render(school: &School, counts: bool, seen: &Seen) -> Reply {
    // base64 of `token:s3cret`.
    assert!(seen.headers.contains("authorization: Basic dG9rZW46czNjcmV0"), "{}", seen.headers);
    let list = seen.path.strip_prefix("/sif3/requests/").unwrap();
    let page: usize = seen
        .headers
        .lines()
        .find_map(|l| l.strip_prefix("navigationpage: "))
        .and_then(|n| n.parse().ok())
        .unwrap();
    let all = objects(school, list);
    let some: String = all.iter().skip((page - 1) * 5).take(5).map(String::as_str).collect();
    if some.is_empty() {
        return Reply { status: 204, headers: Vec::new(), body: String::new() };
    }
    let reply = Reply::ok(format!(
        "<{list} xmlns=\"http://www.sifassociation.org/datamodel/au/3.4\">{some}</{list}>"
    ));
    if counts { reply.with("navigationCount", all.len().to_string()) } else { reply }
}

pub(crate) async fn started(counts: bool) -> (Server, Sif) {
    let school = school();
    let server = Server::start(move |seen| render(&school, counts, seen)).await;
    let config = SifConfig {
        base_url: format!("{}sif3/requests", server.url),
        session_token: Secret::new("token"),
        shared_secret: Secret::new("s3cret"),
    };
    let mis = Sif::new(fetcher().0, &config).unwrap();
    (server, mis)
}

#[tokio::test]
async fn the_school_is_read_whole_whether_the_server_counts_or_not() {
    for counts in [true, false] {
        let (_server, mis) = started(counts).await;
        assert_eq!(read(&mis).await.unwrap(), carried(), "{counts}");
    }
}

#[tokio::test]
async fn faults_are_told_and_never_shorten_the_feed() {
    let start = || async {
        let (server, mis) = started(true).await;
        (server, Arc::new(mis) as Arc<dyn Mis>)
    };
    faults::check(start, Format { first: 0, part: Part::Pupils, renews: false }).await;
}

#[tokio::test]
async fn pages_that_do_not_add_up_are_refused() {
    let page = |count: &str, ids: &[usize]| {
        let mut body = "<StaffPersonals>".to_owned();
        for id in ids {
            let _ = write!(body, "<StaffPersonal RefId=\"{id}\"><PersonInfo/></StaffPersonal>");
        }
        let reply = Reply::ok(body + "</StaffPersonals>");
        Fault::Answer(if count.is_empty() { reply } else { reply.with("navigationCount", count) })
    };
    let table: [(&str, Vec<Fault>, Right); 4] = [
        ("fewer than counted", vec![page("4", &[1, 2]), page("4", &[])], is_truncated),
        ("the count changes", vec![page("4", &[1, 2]), page("3", &[3])], is_truncated),
        ("somebody twice", vec![page("4", &[1, 2]), page("4", &[2, 3])], is_inconsistent),
        ("pages without end", (1..=20).map(|n| page("", &[n])).collect(), is_too_large),
    ];
    for (what, faults, right) in table {
        let (server, mis) = started(true).await;
        server.fail(faults);
        let error = mis.read(all_of(Part::Staff), &Counter::default()).await.expect_err(what);
        assert!(right(&error), "{what}: {error:?}");
    }
}
