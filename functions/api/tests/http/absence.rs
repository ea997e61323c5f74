//! The absence page: who is on which list, what is too old to tell, that a family is told once, and that all is well.

use domain::attendance::{About, Matter};
use domain::audit::{Act, AuditEvent};
use domain::channel::Channel;
use domain::delivery::{DeliveryState, Reason};
use domain::feed::{GroupKind, Mark, Session};
use domain::ids::{ContactId, Epoch, MessageId, RunId};
use domain::page::PageState;
use domain::people::{Role, Roles};
use domain::settings::Settings;
use domain::sms::Units;
use domain::sync::{Asked, MisSettings, Run, RunState};
use jiff::civil::date;
use std::time::Duration;
use store::{PageContent, PlannedDelivery};
use ulid::Ulid;

use crate::kit::{Answer, House, NOON};
use crate::pupils::family;
use crate::rights::Browser;
use crate::settings::{change, office};

const MINUTE: u64 = 60;
/// The clock stands at noon: the afternoon's registers are at hand.
const PM: &str = "day=2026-09-01&session=PM&send_to=all";

fn mark(pupil: &str, session: Session, code: &str) -> Mark {
    let pupil = ContactId::parse(pupil).unwrap();
    Mark { pupil, date: date(2026, 9, 1), session, code: code.to_owned(), minutes_late: None }
}

/// A sync that has just ended, with these marks of the afternoon.
async fn synced(house: &House, marks: &[(&str, &str)]) {
    let now_ms = house.clock.now_ms();
    let number = u128::try_from(now_ms).unwrap();
    let mut run = Run::new(RunId::new(Ulid::from(number)), Asked::Schedule, now_ms);
    house.school.sync().begin(&run, 60_000, now_ms).await.unwrap();
    let marks: Vec<Mark> = marks.iter().map(|(pupil, code)| mark(pupil, Session::Pm, code)).collect();
    house.school.sync().registers().write(&marks.iter().collect::<Vec<_>>(), &[]).await.unwrap();
    run.end(RunState::Finished, None, now_ms);
    house.school.sync().end(&run, now_ms).await.unwrap();
}

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let tag = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    tag.unwrap_or_else(|| panic!("no field {name}: {page}")).split('"').next().unwrap().to_owned()
}

/// Presses *Tell* for these pupils, and *Send* on the page that comes.
async fn tell(by: &Browser<'_>, matter: &str, pupils: &[&str]) -> Answer {
    let pupils = pupils.join("&pupil=");
    let page = by.post("/absence", &format!("{PM}&matter={matter}&pupil={pupils}")).await;
    assert_eq!(page.status, 200, "{page:?}");
    send(by, &page.text).await
}

async fn send(by: &Browser<'_>, page: &str) -> Answer {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for chip in page.split("name=\"to\" value=\"").skip(1) {
        form.append_pair("to", chip.split('"').next().unwrap());
    }
    for name in ["key", "about", "expect"] {
        form.append_pair(name, &field(page, name));
    }
    if page.contains("name=\"all_the_same\"") {
        form.append_pair("all_the_same", &field(page, "all_the_same"));
    }
    let text = page.split("id=\"sms_text\"").nth(1).unwrap().split('>').nth(1).unwrap();
    let text = text.split('<').next().unwrap().replace("&#39;", "'");
    form.extend_pairs([("sms", "yes"), ("purpose", "attendance"), ("send_to", "all"), ("do", "send")]);
    form.append_pair("sms_header", &field(page, "sms_header").replace("&#39;", "'"));
    form.append_pair("sms_text", &text);
    by.post("/send", &form.finish()).await
}

fn id_of(answer: &Answer) -> MessageId {
    let to = answer.header("location");
    to.strip_prefix("/messages/").and_then(|to| to.split('?').next()).unwrap().parse().unwrap()
}

/// What stands under a heading of the page.
fn under<'p>(page: &'p str, id: &str) -> &'p str {
    page.split(&format!("id=\"{id}\"")).nth(1).map_or("", |rest| rest.split("</section>").next().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn absences_are_listed_with_whom_to_tell_and_blank_marks_are_shown_and_never_chased() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    let empty = by.ask("GET", "/absence").await.text;
    assert!(empty.contains("No register has a mark yet") && empty.contains("Refresh now"), "{empty}");
    synced(&house, &[("ben", "N"), ("cat", "-")]).await;
    let page = by.ask("GET", "/absence?send_to=all").await.text;
    let to_tell = under(&page, "absent-title");
    assert!(to_tell.contains("Ben Marlow") && to_tell.contains("Absent, no reason yet"), "{page}");
    assert!(to_tell.contains("mother Marlow") && !to_tell.contains("father Marlow"), "barred: {to_tell}");
    assert!(to_tell.contains("Tell 1 family") && !to_tell.contains("Cat Marlow"), "{to_tell}");
    assert!(page.contains("1 pupil: no mark yet") && page.contains("Cat Marlow"), "{page}");
    let home = by.ask("GET", "/").await.text;
    assert!(home.contains("Absence list ready (1)") && home.contains("href=\"/absence\""), "{home}");
    let nobody = by.post("/absence", &format!("{PM}&matter=absence")).await;
    assert!(nobody.status == 422 && nobody.text.contains("Tick at least one pupil"), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_is_told_once_and_who_comes_second_sees_by_which_message() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    synced(&house, &[("ben", "N"), ("cat", "N")]).await;
    let (first, second) = tokio::join!(tell(&by, "absence", &["ben", "cat"]), tell(&by, "absence", &["cat"]));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{first:?} {second:?}");
    let (won, lost) = if first.status == 303 { (first, second) } else { (second, first) };
    assert!(lost.text.contains("Somebody else has just told one of these families"), "{lost:?}");
    let page = by.ask("GET", "/absence").await.text;
    let told = under(&page, "told-title");
    assert!(told.contains("Cat Marlow") && told.contains(&id_of(&won).to_string()), "{page}");
    // The same again, later: still once.
    assert_eq!(tell(&by, "absence", &["cat"]).await.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_stopped_before_it_went_lets_its_families_go() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    synced(&house, &[("ben", "N")]).await;
    let sent = id_of(&tell(&by, "absence", &["ben"]).await);
    assert!(under(&by.ask("GET", "/absence").await.text, "told-title").contains("Ben Marlow"));
    assert_eq!(by.post(&format!("/messages/{sent}/stop"), "sure=yes").await.status, 303);
    assert!(under(&by.ask("GET", "/absence").await.text, "absent-title").contains("Ben Marlow"));
    assert_eq!(tell(&by, "absence", &["ben"]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_that_are_old_tell_nobody_unless_somebody_says_why() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    synced(&house, &[("ben", "N")]).await;
    let written = by.post("/absence", &format!("{PM}&matter=absence&pupil=ben")).await.text;
    house.clock.advance(Duration::from_secs(31 * MINUTE));
    let page = by.ask("GET", "/absence").await.text;
    assert!(
        page.contains("Refresh them before you tell anybody") && page.contains("action=\"/sync\""),
        "{page}"
    );
    let refused = by.post("/absence", &format!("{PM}&matter=absence&pupil=ben")).await;
    assert!(refused.status == 422 && refused.text.contains("31 minutes ago"), "{refused:?}");
    let late = send(&by, &written).await;
    assert!(
        late.status == 422 && late.text.contains("31 minutes ago"),
        "written while they were new: {late:?}"
    );

    let anyway = by.post("/absence", &format!("{PM}&matter=absence&pupil=ben&all_the_same=checked")).await;
    let sent = send(&by, &anyway.text).await;
    assert_eq!(sent.status, 303, "{sent:?}");
    let log = house.school.audit().month(store::AuditMonth::of_ms(NOON)).await.unwrap();
    let event = log.iter().rfind(|entry| entry.act == Act::MessageSent.code()).unwrap();
    assert!(
        event.changes.contains("marks_old_sent_because") && event.changes.contains("checked"),
        "{event:?}"
    );
    assert!(event.changes.contains("absence 2026-09-01 PM"), "{event:?}");

    // New marks, and it can be told without a reason again.
    synced(&house, &[("cat", "N")]).await;
    assert_eq!(tell(&by, "absence", &["cat"]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_late_is_listed_apart_and_all_is_well_is_told_only_where_the_absence_was() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    synced(&house, &[("ben", "N"), ("cat", "L")]).await;
    let page = by.ask("GET", "/absence").await.text;
    assert!(under(&page, "late-title").contains("Cat Marlow") && !page.contains("clear-title"), "{page}");
    let sent = id_of(&tell(&by, "absence", &["ben"]).await);
    // Present after all, but nothing has gone: the message will not go, and there is nothing to take back.
    synced(&house, &[("ben", "/")]).await;
    assert!(!by.ask("GET", "/absence").await.text.contains("clear-title"));
    let epoch = domain::ids::Epoch::new(Ulid::from(7_u128));
    let written = store::WrittenPlan {
        revision: 1,
        epoch: &epoch,
        pages: 0,
        unreachable: 0,
        book: 0,
        now_ms: NOON,
        due_ms: NOON,
    };
    assert!(house.school.planning().begin(sent, &epoch, 0).await.unwrap());
    assert!(house.school.planning().commit(sent, &written).await.unwrap());
    let page = by.ask("GET", "/absence").await.text;
    let clear = under(&page, "clear-title");
    assert!(clear.contains("Ben Marlow") && clear.contains("Tell 1 family that all is well"), "{page}");
    assert!(by.ask("GET", "/").await.text.contains("All clear to send"));
    assert_eq!(tell(&by, "all_clear", &["ben"]).await.status, 303);
    assert!(!by.ask("GET", "/absence").await.text.contains("clear-title"), "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_say_which_codes_which_years_and_how_new() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    synced(&house, &[("ben", "O"), ("cat", "L")]).await;
    let shown =
        async |heading: &'static str| under(&by.ask("GET", "/absence").await.text, heading).to_owned();
    assert!(!shown("absent-title").await.contains("Ben Marlow"), "O is not asked after");
    change(&by, "absences", "chase=N%2C+O").await;
    assert!(shown("absent-title").await.contains("Ben Marlow"));
    change(&by, "absences", "nation=scotland").await;
    assert!(by.ask("GET", "/absence").await.text.contains("a code that is not known"));
    change(&by, "absences", "nation=england").await;
    let mut late = mark("cat", Session::Pm, "L");
    late.minutes_late = Some(5);
    house.school.sync().registers().write(&[&late], &[]).await.unwrap();
    assert!(shown("late-title").await.contains("Cat Marlow"));
    change(&by, "absences", "late_from_minutes=10").await;
    assert!(!shown("late-title").await.contains("Cat Marlow"));
    house.clock.advance(Duration::from_secs(10 * MINUTE));
    assert!(!by.ask("GET", "/absence").await.text.contains("Refresh now"));
    change(&by, "absences", "stale_after_minutes=10").await;
    assert!(by.ask("GET", "/absence").await.text.contains("Refresh now"));
    for wrong in ["stale_after_minutes=0", "late_from_minutes=x", "nation=france"] {
        let seen = field(
            by.ask("GET", "/settings").await.text.split("/settings/absences\"").nth(1).unwrap(),
            "seen",
        );
        assert_eq!(
            by.post("/settings/absences", &format!("seen={seen}&{wrong}")).await.status,
            422,
            "{wrong}"
        );
    }
    assert_eq!(house.school.settings().get().await.unwrap().attendance.stale_after_minutes, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn families_of_a_year_that_is_left_out_are_told_nothing() {
    let house = House::start().await;
    family(&house).await;
    let kinds = [("Year 9".to_owned(), domain::feed::GroupKind::Year)].into();
    let bulk = house.school.book().begin_bulk("sync", 60_000, NOON).await.unwrap();
    bulk.put_kinds(&kinds, NOON).await.unwrap();
    bulk.end().await.unwrap();
    let by = office(&house, &house.school).await;
    synced(&house, &[("ben", "N"), ("cat", "N")]).await;
    change(&by, "absences", "excluded_years=year+9").await;
    let page = by.ask("GET", "/absence").await.text;
    let to_tell = under(&page, "absent-title");
    assert!(to_tell.contains("Cat Marlow") && !to_tell.contains("Ben Marlow"), "{page}");
    assert!(page.contains("1 pupil: in a year that is left out"), "{page}");
}

/// The message as dispatch leaves it: one text to each of these adults, which has come to this; who is written to about
/// each pupil.
async fn went(house: &House, message: MessageId, tells: &[(&str, &str, DeliveryState)]) {
    let id = |text: &str| ContactId::parse(text).unwrap();
    let epoch = Epoch::new(Ulid::from(7_u128));
    let delivery = |adult: &str| PlannedDelivery {
        to: "+447700900001".to_owned(),
        contacts: vec![id(adult)],
        values: Vec::new(),
    };
    let deliveries = tells.iter().map(|(_, adult, _)| delivery(adult)).collect();
    let mut state = PageState::new(Channel::Sms, vec![Units(1); tells.len()], NOON);
    for (slot, (_, _, stands)) in state.slots.iter_mut().zip(tells) {
        slot.state = *stands;
        slot.reason = stands.can_resend().then_some(Reason::NoSuchAddress);
    }
    assert!(house.school.planning().begin(message, &epoch, 1).await.unwrap());
    let content = PageContent { text_hash: String::new(), deliveries };
    house.school.pages().write(message, &epoch, 0, &[(content, state)]).await.unwrap();
    let about =
        About { date: date(2026, 9, 1), session: Session::Pm, matter: Matter::Absence, all_the_same: None };
    let tells = tells.iter().map(|(pupil, adult, _)| (id(pupil), vec![id(adult)])).collect();
    house.school.family_notices().record_plan(about, message, &tells, NOON).await.unwrap();
    let written = store::WrittenPlan {
        revision: 1,
        epoch: &epoch,
        pages: 1,
        unreachable: 0,
        book: 0,
        now_ms: NOON,
        due_ms: NOON,
    };
    assert!(house.school.planning().commit(message, &written).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_of_which_nobody_was_reached_is_shown_as_that_and_told_again() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    synced(&house, &[("ben", "N"), ("cat", "N")]).await;
    let sent = id_of(&tell(&by, "absence", &["ben", "cat"]).await);
    let (failed, arrived) = (DeliveryState::PermanentFailure, DeliveryState::Delivered);
    went(&house, sent, &[("ben", "mother", failed), ("cat", "father", arrived)]).await;
    let page = by.ask("GET", "/absence").await.text;
    let to_tell = under(&page, "absent-title");
    assert!(to_tell.contains("Ben Marlow") && !to_tell.contains("Cat Marlow"), "{page}");
    assert!(to_tell.contains("Not reached") && to_tell.contains(&format!("/messages/{sent}")), "{to_tell}");
    assert!(under(&page, "told-title").contains("Cat Marlow"), "{page}");
    // The next message takes the family on, and is the one that is shown.
    let again = id_of(&tell(&by, "absence", &["ben"]).await);
    let page = by.ask("GET", "/absence").await.text;
    assert!(!under(&page, "absent-title").contains("Ben Marlow"), "{page}");
    assert!(under(&page, "told-title").contains(&again.to_string()), "{page}");
    assert_eq!(tell(&by, "absence", &["cat"]).await.status, 409, "who was reached is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_reached_is_given_no_all_clear() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    synced(&house, &[("ben", "N"), ("cat", "N")]).await;
    let sent = id_of(&tell(&by, "absence", &["ben", "cat"]).await);
    let spared = DeliveryState::NotSent;
    went(&house, sent, &[("ben", "mother", spared), ("cat", "father", DeliveryState::Accepted)]).await;
    synced(&house, &[("ben", "/"), ("cat", "/")]).await;
    let page = by.ask("GET", "/absence").await.text;
    let clear = under(&page, "clear-title");
    assert!(clear.contains("Cat Marlow") && !clear.contains("Ben Marlow"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_authorised_lets_its_families_go() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    synced(&house, &[("ben", "N")]).await;
    let roles: Roles = [Role::User, Role::ComposeMessage].into_iter().collect();
    let teacher = Browser::of(&house, &house.school, 601, roles).await;
    let handed_in = id_of(&tell(&teacher, "absence", &["ben"]).await);
    let page = by.ask("GET", "/absence").await.text;
    assert!(under(&page, "told-title").contains("not sent yet"), "{page}");
    assert_eq!(tell(&by, "absence", &["ben"]).await.status, 409, "while it waits");
    let rejected = by.post(&format!("/authorise/{handed_in}/reject"), "reason=Not+now").await;
    assert_eq!(rejected.header("location"), "/authorise?done=rejected", "{rejected:?}");
    assert!(under(&by.ask("GET", "/absence").await.text, "absent-title").contains("Ben Marlow"));
    assert_eq!(tell(&by, "absence", &["ben"]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_known_to_be_out_of_date_tells_nobody_until_it_is_read_again() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    synced(&house, &[("ben", "N"), ("cat", "N")]).await;
    house.clock.advance(Duration::from_secs(MINUTE));
    house.school.sync().registers().record_saved(house.clock.now_ms()).await.unwrap();
    let page = by.ask("GET", "/absence").await.text;
    assert!(page.contains("Registers were saved in the MIS since they were read here"), "{page}");
    let refused = by.post("/absence", &format!("{PM}&matter=absence&pupil=ben")).await;
    assert!(refused.status == 422 && refused.text.contains("may be in school by now"), "{refused:?}");
    // What was ticked stays ticked, and nobody else is.
    let is_ticked = |pupil: &str| {
        let row = refused.text.split(&format!("id=\"absence-{pupil}\"")).nth(1).unwrap();
        row.split('>').next().unwrap().ends_with(" checked")
    };
    assert!(is_ticked("ben") && !is_ticked("cat"), "{refused:?}");
    house.clock.advance(Duration::from_secs(MINUTE));
    synced(&house, &[("ben", "N")]).await;
    assert_eq!(tell(&by, "absence", &["ben"]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pupils_registration_group_stands_beside_the_name_where_staff_see_it_and_in_no_message() {
    let house = House::start().await;
    family(&house).await;
    let now_ms = house.clock.now_ms();
    let bulk = house.school.book().begin_bulk("mis", 60_000, now_ms).await.unwrap();
    let kinds = [("9A", GroupKind::Registration), ("Year 9", GroupKind::Year), ("Year 7", GroupKind::Year)];
    let kinds = kinds.map(|(name, kind)| (name.to_owned(), kind)).into();
    bulk.put_kinds(&kinds, now_ms).await.unwrap();
    bulk.end().await.unwrap();
    synced(&house, &[("ben", "N"), ("cat", "N")]).await;
    let by = office(&house, &house.school).await;
    let pages = [
        "/contacts",
        "/contacts/ben",
        "/contacts/mother",
        "/send?to=pupil:ben",
        "/send/find?q=ben",
        "/absence?send_to=all",
    ];
    for page in pages {
        let text = by.ask("GET", page).await.text;
        assert!(text.contains("Ben Marlow") && !text.contains("Ben Marlow (9A)"), "{page}: {text}");
    }
    change(&by, "contacts", "show_registration=on").await;
    for page in pages {
        let text = by.ask("GET", page).await.text;
        assert!(text.contains("Ben Marlow (9A)"), "{page}: {text}");
        assert!(!text.contains("Cat Marlow ("), "Cat is in no registration group: {page}");
        assert!(!text.contains("mother Marlow ("), "{page}");
    }
    let body = serde_json::json!({"purpose": "service", "channels": ["sms"], "to": {"pupils": ["ben"]},
                                  "sms": {"header": "", "text": "About $pupilname$"}});
    let preview = house.post(crate::pupils::PREVIEW, &body).await.text;
    assert!(preview.contains("About Ben") && !preview.contains("(9A)"), "{preview}");
    change(&by, "contacts", "show_registration=off").await;
    assert!(!by.ask("GET", "/contacts").await.text.contains("(9A)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_whose_mis_sends_no_registers_is_told_so_and_not_to_refresh() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    for (kind, none) in
        [("wonde", true), ("report", true), ("oneroster12", true), ("xporter", false), ("sif", false)]
    {
        let before = house.school.settings().get().await.unwrap();
        let mis = MisSettings { kind: kind.to_owned(), ..MisSettings::default() };
        let event = AuditEvent::of_system(Act::SettingsChanged, "");
        let after = Settings { mis, ..before.clone() };
        house.school.settings().change(&before, after, &event, NOON).await.unwrap();
        let page = by.ask("GET", "/absence").await.text;
        assert_eq!(page.contains("Your MIS sends no registers"), none, "{kind}");
        assert_eq!(page.contains("Refresh to read them"), !none, "{kind}");
    }
}
