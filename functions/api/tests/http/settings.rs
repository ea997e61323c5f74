//! Account settings: what each row changes, what a protected row asks, what is refused.

use std::time::Duration;

use domain::audit::Act;
use domain::people::{Role, Roles};
use domain::routing::Routing;
use domain::settings::Settings;
use http::Request;
use serde_json::{Value, json};
use store::School;

use crate::kit::{Answer, House, NOON, PUBLIC_URL};
use crate::rights::Browser;
use crate::visitor::add;

const HOUR: u64 = 3_600_000;

/// Whoever may change the settings, and everything else.
pub(crate) async fn office<'h>(house: &'h House, school: &School) -> Browser<'h> {
    Browser::of(house, school, 500, Roles::all()).await
}

/// The value of a field in a page.
fn field(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no field {name}: {page}"));
    let tag = &page[at..at + page[at..].find('>').unwrap()];
    tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// What the form of a group says that it was made from.
async fn seen(by: &Browser<'_>, group: &str) -> String {
    let page = by.ask("GET", "/settings").await.text;
    let form = page.split(&format!("action=\"/settings/{group}\"")).nth(1).unwrap();
    field(form, "seen")
}

async fn post(by: &Browser<'_>, group: &str, fields: &str) -> Answer {
    let seen = seen(by, group).await;
    by.post(&format!("/settings/{group}"), &format!("seen={seen}&{fields}")).await
}

/// Changes rows of a group, and confirms where that is asked.
pub(crate) async fn change(by: &Browser<'_>, group: &str, fields: &str) {
    let mut answer = post(by, group, fields).await;
    if answer.status == 200 {
        let (seen, token) = (field(&answer.text, "seen"), field(&answer.text, "confirmed"));
        let again = format!("seen={seen}&{fields}&confirmed={token}");
        answer = by.post(&format!("/settings/{group}"), &again).await;
    }
    assert_eq!(answer.header("location"), "/settings?done=saved", "{group} {fields}: {answer:?}");
}

async fn settings(house: &House) -> Settings {
    house.school.settings().get().await.unwrap()
}

async fn preview(house: &House, channels: &[&str], more: Value) -> Answer {
    let mut body = json!({"purpose": "service", "channels": channels, "to": {"everyone": true}});
    for channel in channels {
        body[*channel] = match *channel {
            "email" => json!({"subject": "S", "text": "Hello"}),
            _ => json!({"text": "Hello"}),
        };
    }
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    house.post("/api/v1/messages/preview", &body).await
}

/// Channel and address of what would go.
fn ways(answer: &Answer) -> Vec<String> {
    let answer = answer.json();
    let deliveries = answer["deliveries"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
    deliveries.map(|d| format!("{} {}", d["channel"], d["to"]).replace('"', "")).collect()
}

const ANN: &str = "07700 900123";

async fn ann(house: &House) {
    house
        .contacts(json!([{"id": "ann", "forename": "Ann", "surname": "Ash", "role": "parent", "mobile": ANN,
                          "home": "01632 960123", "work": "01632 960124", "email": "ann@example.com"}]))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_row_is_changed_only_by_whoever_was_shown_what_it_would_be() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let asked = post(&by, "texts", "sms_sender=HillviewSch&sms_header=Hillview").await;
    assert_eq!(asked.status, 200, "{asked:?}");
    for words in ["Confirm the change", "Hillview<", "HillviewSch", "Nothing has been changed yet"] {
        assert!(asked.text.contains(words), "{words}");
    }
    assert_eq!(settings(&house).await.sms_sender, "Hillview");

    // Crafted: a token of nothing, and the token of another change.
    let (seen, token) = (field(&asked.text, "seen"), field(&asked.text, "confirmed"));
    for crafted in [
        format!("seen={seen}&sms_sender=HillviewSch&confirmed=yes"),
        format!("seen={seen}&sms_sender=HillviewSch&sure=yes"),
        format!("seen={seen}&sms_sender=Elsewhere&confirmed={token}"),
    ] {
        let answer = by.post("/settings/texts", &crafted).await;
        assert!(answer.status == 200 && answer.text.contains("Confirm the change"), "{crafted}");
        assert_eq!(settings(&house).await.sms_sender, "Hillview", "{crafted}");
    }
    // Another session's token is not theirs.
    let other = Browser::of(&house, &house.school, 501, Roles::all()).await;
    assert!(other.ask("GET", "/settings").await.status == 200);

    let done =
        by.post("/settings/texts", &format!("seen={seen}&sms_sender=HillviewSch&confirmed={token}")).await;
    assert_eq!(done.header("location"), "/settings?done=saved");
    assert_eq!(settings(&house).await.sms_sender, "HillviewSch");

    let month = store::AuditMonth::of_ms(NOON);
    let log = house.school.audit().month(month).await.unwrap();
    let entry = log.iter().rev().find(|e| e.act == Act::SettingsChanged.code()).unwrap();
    assert!(
        entry.changes.contains("\"f\":\"sms_sender\",\"b\":\"Hillview\",\"a\":\"HillviewSch\""),
        "{entry:?}"
    );
    assert!(entry.who.starts_with("user:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_row_is_changed_at_once_and_a_person_is_in_the_log_as_a_hash_only() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let done = post(&by, "school", "head_teacher=Lindsey+Oak&address=1+Hill+Road&phone=01632+960100").await;
    assert_eq!(done.header("location"), "/settings?done=saved");
    assert_eq!(settings(&house).await.head_teacher, "Lindsey Oak");
    let log = house.school.audit().month(store::AuditMonth::of_ms(NOON)).await.unwrap();
    let changes = &log.last().unwrap().changes;
    assert!(
        changes.contains("head_teacher") && changes.contains("hash:") && !changes.contains("Oak"),
        "{changes}"
    );
    let same = post(&by, "school", "head_teacher=Lindsey+Oak").await;
    assert_eq!(same.header("location"), "/settings?done=same");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_value_is_refused_beside_its_row_and_nothing_is_saved() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let before = settings(&house).await;
    for (group, fields, words) in [
        ("texts", "sms_sender=GA", "3 to 11 characters"),
        ("texts", "sms_sender=GreenAbbeySchool", "3 to 11 characters"),
        ("texts", "sms_sender=12345", "must be a real phone number"),
        ("texts", "sms_sender=HMRC", "Networks refuse this name"),
        ("texts", "sms_sender=%C3%89cole", "letters A to Z"),
        ("texts", "sms_sender=Hill%0D%0AX", "letters A to Z"),
        ("texts", "sms_header=1234567890123456789012345678901", "at most 30 characters"),
        ("texts", "reply_number=01632+960100", "mobile number"),
        ("email", "email_reply_to=office", "needs one @"),
        ("email", "email_from_name=", "Give the name"),
        ("email", "email_from_name=a%0Ab", "on one line"),
        ("voice", "voice_caller=12", "too few digits"),
        ("voice", "voice_calling=some", "Choose one"),
        ("voice", "routing=sometimes", "Choose one"),
        ("voice", "voice=maybe", "Choose on or off"),
        ("place", "timezone=Europe/Hillview", "There is no time zone"),
        ("place", "timezone=GMT%2B1", "There is no time zone"),
        ("place", "country=999", "No country has this code"),
        ("prices", "sms_unit=cheap", "price in pence"),
        ("prices", "voice_minute=-1", "price in pence"),
    ] {
        let answer = post(&by, group, fields).await;
        assert_eq!(answer.status, 422, "{fields}: {answer:?}");
        assert!(
            answer.text.contains(words) && answer.text.contains("There is a problem"),
            "{fields}: {words}"
        );
    }
    assert_eq!(settings(&house).await, before);
    assert_eq!(by.post("/settings/nothing", "x=1").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_change_the_same_rows_the_second_looks_again() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let old = seen(&by, "email").await;
    let elsewhere = seen(&by, "prices").await;
    change(&by, "email", "email_from_name=First").await;
    let late = by.post("/settings/email", &format!("seen={old}&email_from_name=Second")).await;
    assert_eq!(late.status, 409, "{late:?}");
    assert!(late.text.contains("Somebody else changed these settings") && late.text.contains("First"));
    let other_rows = by.post("/settings/prices", &format!("seen={elsewhere}&sms_unit=4")).await;
    assert_eq!(other_rows.header("location"), "/settings?done=saved", "other rows are nobody's business");
    assert_eq!(settings(&house).await.email_from_name, "First");
}

#[test]
fn every_row_is_in_the_list_of_tests() {
    let list = include_str!("../../../../docs/TESTING.md");
    let rows = api::services::settings::GROUPS.iter().flat_map(|group| group.rows);
    let missing: Vec<_> =
        rows.map(|row| row.name).filter(|name| !list.contains(&format!("`{name}`"))).collect();
    assert_eq!(missing, [] as [&str; 0], "say in docs/TESTING.md which test shows that it works");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_or_an_old_page_changes_nothing() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let body = format!("seen={}&email_from_name=Evil", seen(&by, "email").await);
    for (origin, csrf) in [("https://evil.example", "csrf"), (PUBLIC_URL, "wrong"), (PUBLIC_URL, "")] {
        let request = Request::post("/settings/email")
            .header("cookie", &by.cookie)
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("csrf={csrf}&{body}").into())
            .unwrap();
        assert_eq!(house.send(request).await.status, 403, "{origin} {csrf}");
    }
    assert_eq!(settings(&house).await.email_from_name, "Hillview School");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_and_the_country_code_change_what_goes_and_where() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    ann(&house).await;
    change(&by, "texts", "sms_header=Abbey:").await;
    let text = preview(&house, &["sms"], json!({})).await.json()["deliveries"][0]["text"].clone();
    assert_eq!(text, "Abbey: Hello");
    let page = by.ask("GET", "/settings").await.text;
    assert!(page.contains("It takes 7 of the 160 places"), "a header counts");

    change(&by, "place", "country=353").await;
    house
        .contacts(json!([{"id": "eve", "forename": "Eve", "surname": "Ash", "role": "parent", "mobile": "087 123 4567"}]))
        .await;
    let to = preview(&house, &["sms"], json!({"to": {"contacts": ["eve"]}})).await;
    assert_eq!(ways(&to), ["sms +353871234567"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_and_voice_calling_decide_who_gets_a_text_and_who_a_call() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    ann(&house).await;
    let (text, home, work) = ("sms +447700900123", "voice +441632960123", "voice +441632960124");
    for (fields, expected) in [
        ("routing=voice_first", &[home] as &[&str]),
        ("voice_calling=all_numbers", &[home, work]),
        ("routing=sms_first", &[text]),
        ("routing=both", &[text, home, work]),
        ("voice_calling=first_only", &[text, home]),
    ] {
        change(&by, "voice", fields).await;
        assert_eq!(ways(&preview(&house, &["sms", "voice"], json!({})).await), expected, "{fields}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_for_today_asks_first_and_falls_back_when_the_schools_day_ends() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    ann(&house).await;
    change(&by, "voice", "routing=voice_first").await;
    let asked = post(&by, "voice", "routing=both_today").await;
    assert!(asked.status == 200 && asked.text.contains("it costs more"), "{asked:?}");
    change(&by, "voice", "routing=both_today").await;
    let ways_now = async || ways(&preview(&house, &["sms", "voice"], json!({})).await).len();
    assert_eq!(ways_now().await, 2);
    // Noon in London: the day has twelve hours left.
    house.clock.advance(Duration::from_millis(12 * HOUR - 1));
    assert_eq!(ways_now().await, 2);
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(ways_now().await, 1);
    let body = json!({
        "purpose": "service", "channels": ["sms", "voice"], "to": {"everyone": true},
        "sms": {"text": "Hello"}, "voice": {"text": "Hello"}
    });
    let sent = house.post("/api/v1/messages", &body).await;
    let id = sent.json()["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        house.school.messages().body(id).await.unwrap().settings.routing,
        Routing::VoiceFirst,
        "what is sent follows"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_alone_may_go_both_ways() {
    let house = House::start().await;
    ann(&house).await;
    let emergency = json!({"purpose": "emergency", "routing": "both"});
    let both = preview(&house, &["sms", "voice"], emergency).await;
    assert_eq!(ways(&both), ["sms +447700900123", "voice +441632960123"]);
    assert_eq!(
        preview(&house, &["sms", "voice"], json!({"routing": "both"})).await.problem(422),
        ["routing"]
    );
    assert_eq!(preview(&house, &["sms"], json!({"routing": "all"})).await.status, 422);
    // On the page it is a tick that counts for emergencies only.
    let by = office(&house, &house.school).await;
    let form = "to=everyone&sms=yes&sms_text=Hello&voice=yes&voice_text=Hello&both=yes";
    let live = async |purpose: &str| by.post("/send/live", &format!("{form}&purpose={purpose}")).await.text;
    assert!(live("emergency").await.contains("1 call") && !live("service").await.contains("1 call"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_voice_subscription_there_is_no_call_anywhere() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    ann(&house).await;
    assert!(by.ask("GET", "/send").await.text.contains("Phone call"));
    change(&by, "voice", "voice=off").await;
    assert!(!by.ask("GET", "/send").await.text.contains("Phone call"));
    let refused = preview(&house, &["voice"], json!({})).await;
    assert_eq!(refused.problem(422), ["channels"]);
    assert!(refused.text.contains("no voice subscription"));
    let call = json!({"purpose": "emergency", "channels": ["voice"], "to": {"everyone": true}, "voice": {"text": "Hi"}});
    assert_eq!(house.post("/api/v1/messages", &call).await.problem(422), ["channels"]);
    let crafted = by.post("/send", "do=send&to=everyone&voice=yes&voice_text=Hello&purpose=service").await;
    assert_eq!(crafted.status, 422, "{crafted:?}");

    change(&by, "voice", "voice=on&voice_caller=").await;
    assert!(preview(&house, &["voice"], json!({})).await.text.contains("a number to come from"));
    change(&by, "voice", "voice_caller=01632+960100").await;
    assert_eq!(preview(&house, &["voice"], json!({})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_zone_cuts_the_schools_day() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let to = async || by.ask("GET", "/usage").await.text;
    assert!(to().await.contains("2026-09-01"));
    change(&by, "place", "timezone=Pacific/Kiritimati").await;
    let page = to().await;
    assert!(page.contains("2026-09-02") && page.contains("(Pacific/Kiritimati)"), "it is tomorrow there");
}

#[tokio::test(flavor = "multi_thread")]
async fn contact_details_fill_their_tokens_and_prices_make_the_costs() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    ann(&house).await;
    change(&by, "school", "head_teacher=Lindsey+Oak&address=2+New+Road&phone=01632+960111").await;
    let text = json!({"sms": {"header": "", "text": "$headteachername$, $schooladdress$, $schoolphone$"}});
    let shown = preview(&house, &["sms"], text).await.json()["deliveries"][0]["text"].clone();
    assert_eq!(shown, "Lindsey Oak, 2 New Road, 01632 960111");

    change(&by, "prices", "sms_unit=100").await;
    let live = by.post("/send/live", "to=everyone&sms=yes&sms_text=Hello&purpose=service").await.text;
    assert!(live.contains("£1.00"), "{live}");
    change(&by, "prices", "voice_minute=200&email_price=300").await;
    for (fields, price) in
        [("voice=yes&voice_text=Hello", "£2.00"), ("email=yes&email_subject=Hi&email_text=Hello", "£3.00")]
    {
        let live = by.post("/send/live", &format!("to=everyone&{fields}&purpose=service")).await.text;
        assert!(live.contains(price), "{price}: {live}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_for_replies_brings_them_to_the_school_and_is_nobody_elses() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let page = by.ask("GET", "/settings").await.text;
    assert!(page.contains("sender of a text cannot be answered"), "a name as the sender");
    change(&by, "texts", "reply_number=07700+900555").await;
    let owner = house.store.owner_of_number("+447700900555").await.unwrap();
    assert_eq!(owner, Some(house.school.id()));
    let (other, _) = house.another(2, &[]).await;
    let theirs = Browser::of(&house, &other, 600, Roles::all()).await;
    for row in ["reply_number", "sms_sender"] {
        let answer = post(&theirs, "texts", &format!("{row}=07700+900555")).await;
        assert!(answer.status == 422 && answer.text.contains("another school"), "{answer:?}");
    }
    change(&by, "texts", "sms_sender=07700+900555&reply_number=").await;
    assert!(!by.ask("GET", "/settings").await.text.contains("sender of a text cannot be answered"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_opens_nothing_yet_is_not_offered_and_whoever_holds_it_keeps_it() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    assert!(!by.ask("GET", "/settings").await.text.contains("Parental payments"));
    let olive = add(&house, &house.school, 70, "olive", "user managePayments").await;
    let path = format!("/users/{}", olive.id);
    let page = by.ask("GET", &path).await.text;
    assert!(!page.contains("Parental payments"), "{page}");
    let version = field(&page, "version");
    assert!(page.contains("type=\"hidden\" name=\"role\" value=\"managePayments\""), "{page}");
    let fields = format!("version={version}&role=managePayments&role=user&role=tweet");
    let saved = by.post(&format!("{path}/roles"), &fields).await;
    assert_eq!(saved.header("location"), format!("{path}?done=roles"), "{saved:?}");
    let roles = house.school.members().get(olive.id).await.unwrap().unwrap().roles();
    assert_eq!(roles, Roles::of_codes(["user", "tweet", "managePayments"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_finds_the_release_notes_and_only_what_they_may_open_is_offered() {
    let house = House::start().await;
    let plain = Browser::of(&house, &house.school, 700, Roles::NONE.with(Role::User)).await;
    let notes = plain.ask("GET", "/release-notes").await;
    assert!(notes.status == 200 && notes.text.contains("Account settings"), "{notes:?}");
    let tools = plain.ask("GET", "/tools").await.text;
    assert!(
        tools.contains("/release-notes") && !tools.contains("\"/settings\"") && !tools.contains("/upload")
    );
    assert_eq!(plain.ask("GET", "/settings").await.status, 403);
    let by = office(&house, &house.school).await;
    assert!(by.ask("GET", "/tools").await.text.contains("\"/settings\""));
}
