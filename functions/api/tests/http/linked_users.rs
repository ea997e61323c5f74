//! Users who are linked to groups, whom alone they see and message.

use domain::ids::MessageId;
use serde_json::json;

use crate::kit::{Answer, House};
use crate::messages;
use crate::users::{act, link_to, office};
use crate::visitor::{Visitor, add, id, leads_to};

/// Two years with a parent each, and a teacher who may send and edit contacts, linked to Year 9.
async fn linked() -> House {
    let house = office().await;
    house
        .contacts(json!([
            {"id": "nine", "forename": "Nia", "surname": "Nine", "role": "parent", "mobile": "07700900009",
                "groups": ["Year 9", "Choir"]},
            {"id": "ten", "forename": "Tom", "surname": "Ten", "role": "parent", "mobile": "07700900010",
                "groups": ["Year 10", "Choir"]},
        ]))
        .await;
    let most = "user composeMessage authoriseMessage addContact editContact messageHistory uploadData preferences manageUser";
    add(&house, &house.school, 5, "nina", most).await;
    link_to(&house, 5, &["year 9"]).await;
    house
}

async fn send(by: &Visitor<'_>, to: &str, expect: &str) -> Answer {
    let fields = [("do", "send"), ("to", to), ("sms", "yes"), ("sms_text", "Hello all"), ("expect", expect)];
    by.fill_in("/send", "/send", &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_user_sees_and_chooses_people_of_their_groups_only() {
    let house = linked().await;
    let nina = Visitor::signed_in(&house, "nina").await;
    for path in [
        "/contacts",
        "/contacts?q=ten",
        "/contacts?group=Year+10",
        "/contacts?group=Choir",
        "/send/find?q=tom",
        "/send/find?q=year",
        "/send",
        "/send?to=contact%3Aten",
    ] {
        let page = nina.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.text.contains("Tom Ten") && !page.text.contains("900010"), "{path}");
        assert!(!page.text.contains("Year 10"), "{path}");
    }
    assert!(nina.get("/contacts").await.text.contains("Nia Nine"));
    assert_eq!(nina.get("/contacts/nine").await.status, 200);
    assert_eq!(nina.get("/contacts/ten").await.status, 404);
    assert_eq!(nina.fill_in("/contacts", "/contacts/ten", &[("surname", "X")]).await.status, 404);
    assert_eq!(nina.fill_in("/contacts", "/contacts/ten/delete", &[("sure", "yes")]).await.status, 404);
    nina.fill_in("/contacts", "/contacts/delete", &[("id", "ten"), ("sure", "yes")]).await;
    assert!(Visitor::signed_in(&house, "super").await.get("/contacts").await.text.contains("Tom Ten"));

    // A new contact stays in sight.
    let ann = [("surname", "New"), ("role", "parent")];
    let without = nina.fill_in("/contacts/new", "/contacts/new", &ann).await;
    assert!(
        without.status == 422 && without.text.contains("name at least one of these groups"),
        "{without:?}"
    );
    let within = [ann[0], ann[1], ("groups", "Year 9")];
    assert_eq!(nina.fill_in("/contacts/new", "/contacts/new", &within).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_user_messages_people_of_their_groups_only_whatever_the_form_says() {
    let house = linked().await;
    let nina = Visitor::signed_in(&house, "nina").await;
    for to in ["contact:ten", "group:Year 10"] {
        let fields = [("to", to), ("sms", "yes"), ("sms_text", "Hello")];
        let live = nina.fill_in("/send", "/send/live", &fields).await;
        assert!(!live.text.contains("Tom Ten") && !live.text.contains("900010"), "{to}: {live:?}");
        assert_eq!(send(&nina, to, "1-1-1-0-0-0-0").await.status, 422, "{to}");
    }
    for to in ["everyone", "group:Choir", "group:Year 9", "contact:nine"] {
        house.queued();
        let sent = send(&nina, to, "1-1-1-0-0-0-0").await;
        assert_eq!(sent.status, 303, "{to}: {sent:?}");
        let id: MessageId = sent.header("location")["/messages/".len()..][..26].parse().unwrap();
        let kept = house.school.messages().body(id).await.unwrap().message;
        assert_eq!(
            kept.to.within.groups(),
            ["year 9"],
            "{to}: goes along, for the plan that reads the book anew"
        );
        let again = send(&nina, to, "2-2-2-0-0-0-0").await;
        assert_eq!(again.status, 200, "{to}: never two people");
    }
    let sent = send(&nina, "everyone", "1-1-1-0-0-0-0").await;
    let page = nina.get(sent.header("location")).await;
    assert!(page.text.contains("Everyone in year 9"), "{page:?}");
    // A partner's message has no limit.
    let message =
        json!({"purpose": "service", "channels": ["sms"], "to": {"everyone": true}, "sms": {"text": "Hi"}});
    let preview = house.post("/api/v1/messages/preview", &message).await.json();
    assert_eq!(preview["recipients"], 2);
    let crafted = json!({"purpose": "service", "channels": ["sms"], "to": {"everyone": true, "within": []}, "sms": {"text": "Hi"}});
    assert_eq!(house.post("/api/v1/messages", &crafted).await.problem(422), ["to.within"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_message_to_everybody_a_linked_user_sees_their_own_people_and_sends_nothing_again() {
    let house = linked().await;
    let person = |id: &str, name: &str, group: &str| json!({"id": id, "forename": name, "surname": "Hall", "role": "parent", "groups": [group]});
    house.contacts(json!([person("P0-0", "Nora", "Year 9"), person("P0-1", "Otto", "Year 10")])).await;
    let message = messages::sent(&house).await;
    let epoch = messages::plan(&house, message, &[3]).await;
    let failed = [(); 3].map(|()| messages::no_such_number()).to_vec();
    messages::work(&house, message, &epoch, 0, failed).await;
    messages::finish(&house, message).await;
    let nina = Visitor::signed_in(&house, "nina").await;
    let all = Visitor::signed_in(&house, "super").await;
    let path = format!("/messages/{message}");
    for part in ["", "/live", "/deliveries", "/deliveries?show=failed"] {
        let (hers, everybodys) =
            (nina.get(&format!("{path}{part}")).await, all.get(&format!("{path}{part}")).await);
        assert!(hers.text.contains("Nora Hall") && hers.text.contains("07700 900000"), "{part}: {hers:?}");
        for other in ["Otto", "07700 900001", "P0-2", "07700 900002"] {
            assert!(!hers.text.contains(other), "{other} on {path}{part}: {hers:?}");
        }
        assert!(everybodys.text.contains("Otto Hall"), "{part}: {everybodys:?}");
        if !part.starts_with("/del") {
            let offers = |page: &Answer| page.text.contains(&format!("{path}/resend"));
            assert!(!offers(&hers) && offers(&everybodys), "the button is for who may press it: {part}");
        }
    }
    house.queued();
    let again = nina.fill_in("/", &format!("{path}/resend"), &[("sure", "yes")]).await;
    assert_eq!(again.status, 403, "{again:?}");
    assert!(house.queued().is_empty());
    assert_eq!(all.fill_in(&path, &format!("{path}/resend"), &[("sure", "yes")]).await.status, 303);

    // What they wrote themselves went to their own people only: that they may send again.
    let sent = send(&nina, "contact:nine", "1-1-1-0-0-0-0").await;
    let own: MessageId = sent.header("location")["/messages/".len()..][..26].parse().unwrap();
    let epoch = messages::plan(&house, own, &[1]).await;
    messages::work(&house, own, &epoch, 0, vec![messages::no_such_number()]).await;
    messages::finish(&house, own).await;
    let path = format!("/messages/{own}");
    assert!(nina.get(&path).await.text.contains(&format!("{path}/resend")));
    let again = nina.fill_in(&path, &format!("{path}/resend"), &[("sure", "yes")]).await;
    assert_eq!(again.header("location"), format!("{path}?done=resent&n=1"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_user_has_no_way_round_their_groups() {
    let house = linked().await;
    let nina = Visitor::signed_in(&house, "nina").await;
    for path in ["/upload", "/users", "/users/new", "/users/profiles"] {
        assert_eq!(nina.get(path).await.status, 403, "{path}");
    }
    let unlink = nina.fill_in("/", &format!("/users/{}/groups", id(2)), &[("version", "1")]).await;
    assert_eq!(unlink.status, 403);
    let all = Visitor::signed_in(&house, "super").await;
    let page = all.get(&format!("/users/{}", id(5))).await;
    assert!(page.text.contains("does not work for them"), "and whoever links them is told");

    // Unlinked by somebody who may, everybody is there again.
    leads_to(&act(&all, id(5), "groups", vec![]).await, &format!("/users/{}?done=groups", id(5)));
    assert!(nina.get("/contacts").await.text.contains("Tom Ten"));
    assert_eq!(nina.get("/users").await.status, 200);
}
