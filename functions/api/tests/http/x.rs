//! The school's account on X: who links it and how, and who posts on it.

use domain::people::Roles;
use serde_json::json;

use crate::kit::House;
use crate::rights::Browser;

fn roles(codes: &[&str]) -> Roles {
    Roles::of_codes(codes.iter().copied())
}

/// Begins a link; the way back that X would send the browser on, but for the verifier.
async fn begun(office: &Browser<'_>) -> String {
    let page = office.post("/settings/x/link", "").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let place = page.text.split_once("https://x.example/allow?").unwrap().1;
    let mut parts = place.split('.');
    let (token, state) = (parts.next().unwrap(), parts.next().unwrap());
    format!("/settings/x/back?state={state}&oauth_token={token}")
}

async fn link(office: &Browser<'_>) {
    let back = begun(office).await;
    let answer = office.ask("GET", &format!("{back}&oauth_verifier=right")).await;
    assert_eq!(answer.header("location"), "/settings?done=x", "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_linked_then_unlinked_and_no_second_one_beside_it() {
    let house = House::start().await;
    let office = Browser::of(&house, &house.school, 1, roles(&["user", "preferences", "admin"])).await;
    link(&office).await;
    let page = office.ask("GET", "/settings").await;
    assert!(page.text.contains("@HillviewSch"), "{}", page.text);
    for path in ["/settings", "/audit", "/audit.csv"] {
        let text = office.ask("GET", path).await.text;
        for secret in ["15-lasting", "access-secret", "request-secret"] {
            assert!(!text.contains(secret), "{path} shows {secret}");
        }
    }
    let log = office.ask("GET", "/audit").await.text;
    assert!(log.contains("Account on X linked") && log.contains("@HillviewSch"), "{log}");

    let second = office.post("/settings/x/link", "").await;
    assert_eq!(second.status, 422);
    assert!(second.text.contains("Unlink it first"), "{}", second.text);

    let asked = office.post("/settings/x/unlink", "").await;
    assert!(asked.text.contains("Unlink the account on X?"), "{}", asked.text);
    assert!(house.school.settings().get().await.unwrap().x.is_some(), "asked, not done");
    let done = office.post("/settings/x/unlink", "sure=yes").await;
    assert_eq!(done.header("location"), "/settings?done=no-x");
    assert!(house.school.settings().get().await.unwrap().x.is_none());
    assert!(house.school.x().access("15").await.unwrap().is_none(), "the access is gone with it");
    assert!(office.ask("GET", "/audit").await.text.contains("Account on X unlinked"));
    link(&office).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_that_was_not_begun_here_links_nothing() {
    let house = House::start().await;
    let office = Browser::of(&house, &house.school, 1, roles(&["user", "preferences"])).await;
    let other = Browser::of(&house, &house.school, 2, roles(&["user", "preferences"])).await;
    let (school, _) = house.another(7, &[]).await;
    let elsewhere = Browser::of(&house, &school, 3, roles(&["user", "preferences"])).await;
    let refused = async |browser: &Browser<'_>, path: &str| {
        let answer = browser.ask("GET", path).await;
        assert_eq!(answer.status, 422, "{path}: {}", answer.text);
        for school in [&house.school, &school] {
            assert!(school.settings().get().await.unwrap().x.is_none(), "{path}");
        }
    };

    // Nothing was begun at all; or somebody else is sent the link.
    refused(&office, "/settings/x/back?state=s&oauth_token=req1&oauth_verifier=right").await;
    refused(&office, "/settings/x/back").await;
    let back = begun(&office).await;
    refused(&other, &format!("{back}&oauth_verifier=right")).await;
    refused(&elsewhere, &format!("{back}&oauth_verifier=right")).await;
    refused(&office, &format!("{}&oauth_verifier=right", back.replace("state=", "state=x"))).await;
    refused(&office, &format!("{}&oauth_verifier=right", back.replace("req", "reg"))).await;
    // X says no; then the same way back is used up.
    refused(&office, &format!("{back}&oauth_verifier=wrong")).await;
    refused(&office, &format!("{back}&oauth_verifier=right")).await;
    // The person says no.
    let denied = begun(&office).await.replace("oauth_token", "denied");
    refused(&office, &denied).await;
    // An older one is ended by a newer; and none lasts.
    let older = begun(&office).await;
    let newer = begun(&office).await;
    refused(&office, &format!("{older}&oauth_verifier=right")).await;
    house.clock.advance(std::time::Duration::from_mins(16));
    refused(&office, &format!("{newer}&oauth_verifier=right")).await;

    // Twice at once: one of them links.
    let back = format!("{}&oauth_verifier=right", begun(&office).await);
    let (one, two) = tokio::join!(office.ask("GET", &back), office.ask("GET", &back));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
}

const POST: &str = "tweet=yes&tweet_text=School%20is%20closed%20today&purpose=service&key=post1";

async fn send(browser: &Browser<'_>, form: &str) -> crate::kit::Answer {
    let page = browser.post("/send", &format!("{form}&do=check")).await.text;
    let expect = page.split_once("name=\"expect\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    browser.post("/send", &format!("{form}&expect={expect}&do=send")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_the_role_posts_and_nobody_else_can() {
    let house = House::start().await;
    let office = Browser::of(&house, &house.school, 1, roles(&["user", "preferences"])).await;
    let writer = Browser::of(
        &house,
        &house.school,
        2,
        roles(&["user", "composeMessage", "authoriseMessage", "tweet", "messageHistory"]),
    )
    .await;
    let other =
        Browser::of(&house, &house.school, 3, roles(&["user", "composeMessage", "authoriseMessage"])).await;

    assert!(!writer.ask("GET", "/send").await.text.contains("use-tweet"), "no account is linked");
    let unlinked = writer.post("/send", &format!("{POST}&do=send")).await;
    assert_eq!(unlinked.status, 422);
    assert!(unlinked.text.contains("No account on X is linked"), "{}", unlinked.text);

    link(&office).await;
    assert!(writer.ask("GET", "/send").await.text.contains("use-tweet"));
    assert!(!other.ask("GET", "/send").await.text.contains("use-tweet"));
    for path in ["/send", "/send/live"] {
        let answer = other.post(path, &format!("{POST}&do=check")).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text);
    }

    let long = format!("tweet=yes&tweet_text={}&purpose=service", "x".repeat(281));
    let too_long = writer.post("/send", &format!("{long}&do=send")).await;
    assert!(too_long.status == 422 && too_long.text.contains("280 is the most"), "{}", too_long.text);
    let token = writer.post("/send", "tweet=yes&tweet_text=Dear+$forename$&purpose=service&do=send").await;
    assert!(token.text.contains("Take $forename$ out"), "{}", token.text);

    let live = writer.post("/send/live", POST).await.text;
    assert!(live.contains("22 of 280") && live.contains("Everybody on X"), "{live}");
    let sent = send(&writer, POST).await;
    let path = sent.header("location").split('?').next().unwrap().to_owned();
    assert!(path.starts_with("/messages/"), "{}", sent.text);
    let shown = writer.ask("GET", &path).await.text;
    assert!(shown.contains("School is closed today") && shown.contains("Post on X"), "{shown}");
    let again = send(&writer, POST).await;
    assert!(again.header("location").starts_with(&path), "the same form makes the same message");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_posts_nothing_on_x_and_is_told_why() {
    let house = House::start().await;
    let office = Browser::of(&house, &house.school, 1, roles(&["user", "preferences"])).await;
    link(&office).await;
    for body in [
        json!({"purpose": "service", "channels": ["tweet"], "to": {}}),
        json!({"purpose": "service", "channels": ["tweet"], "to": {}, "tweet": {"text": "Closed"}}),
    ] {
        let answer = house.post("/api/v1/messages", &body).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
    }
    let answer =
        house.post("/api/v1/messages", &json!({"purpose": "service", "channels": ["tweet"], "to": {}})).await;
    assert!(answer.text.contains("Posts on X are written by staff"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_authorised_only_by_somebody_who_may_post_and_rejected_by_any_authoriser() {
    let house = House::start().await;
    let office = Browser::of(&house, &house.school, 1, roles(&["user", "preferences"])).await;
    link(&office).await;
    let teacher = Browser::of(&house, &house.school, 2, roles(&["user", "composeMessage", "tweet"])).await;
    let plain = Browser::of(&house, &house.school, 3, roles(&["user", "authoriseMessage"])).await;
    let poster = Browser::of(&house, &house.school, 4, roles(&["user", "authoriseMessage", "tweet"])).await;
    let waiting = async |key: &str| {
        let sent = send(&teacher, &POST.replace("post1", key)).await;
        let place = sent.header("location").split('?').next().unwrap().to_owned();
        place.strip_prefix("/messages/").unwrap_or_else(|| panic!("{}", sent.text)).to_owned()
    };
    let seen = async |id: &str| {
        let page = poster.ask("GET", &format!("/authorise/{id}")).await.text;
        format!("seen={}", crate::people::hidden(&page, "seen"))
    };

    let id = waiting("post1").await;
    let page = plain.ask("GET", &format!("/authorise/{id}")).await.text;
    assert!(page.contains("you do not hold the role “Post on X”"), "{page}");
    assert!(!page.contains("/approve") && page.contains("Reject the message"), "{page}");
    let seen_by_poster = seen(&id).await;
    let refused = plain.post(&format!("/authorise/{id}/approve"), &seen_by_poster).await;
    assert!(refused.status == 403 && refused.text.contains("also posts on X"), "{}", refused.text);
    let edit = format!("/authorise/{id}/edit");
    assert_eq!(plain.ask("GET", &edit).await.status, 403);
    assert_eq!(plain.post(&edit, "revision=1&tweet_text=Other").await.status, 403);
    let done = poster.post(&format!("/authorise/{id}/approve"), &seen_by_poster).await;
    assert_eq!(done.header("location"), "/authorise?done=sent", "{}", done.text);

    let other = waiting("post2").await;
    let turned_down = plain.post(&format!("/authorise/{other}/reject"), "reason=Not+on+X,+please").await;
    assert_eq!(turned_down.header("location"), "/authorise?done=rejected", "{}", turned_down.text);
}
