//! Users, roles and profiles.

use domain::audit::Act;
use domain::ids::UserId;
use domain::job::Job;
use domain::notice::Notice;
use domain::people::{Roles, Standing};
use serde_json::json;
use store::{MemberChange, Membership, School};

use crate::kit::{Answer, House, NOON};
use crate::people::Staff;
use crate::visitor::{Visitor, acts, add, audit_event, hidden, id, leads_to};

/// An administrator who holds neither `tweet` nor `editMessageText`, a teacher, and a super-user.
pub(crate) async fn office() -> House {
    let house = House::start().await;
    let most = "user composeMessage authoriseMessage addContact editContact messageHistory uploadData manageUser admin";
    add(&house, &house.school, 1, "admin", most).await;
    add(&house, &house.school, 2, "teacher", "user composeMessage").await;
    let all = Roles::all();
    let all = api::services::users::codes(all);
    add(&house, &house.school, 3, "super", &all).await;
    house
}

async fn member(school: &School, number: u128) -> Membership {
    school.members().get(id(number)).await.unwrap().unwrap()
}

fn roles(codes: &str) -> Roles {
    Roles::of_codes(codes.split(' '))
}

/// Posts to a user's page with the version that it shows.
pub(crate) async fn act<'f>(
    by: &Visitor<'_>,
    of: UserId,
    what: &str,
    mut fields: Vec<(&'f str, &'f str)>,
) -> Answer {
    let from = format!("/users/{of}");
    let version = hidden(&by.get(&from).await, "version");
    fields.push(("version", version.leak()));
    by.fill_in(&from, &format!("{from}/{what}"), &fields).await
}

fn notices(house: &House) -> Vec<Notice> {
    let jobs = house.queued().into_iter();
    jobs.filter_map(|(_, job)| match job {
        Job::Notify { notice, .. } => Some(notice),
        _ => None,
    })
    .collect()
}

pub(crate) async fn link_to(house: &House, number: u128, groups: &[&str]) {
    let (by, of) = (member(&house.school, 3).await, member(&house.school, number).await);
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    let change = MemberChange { groups, ..of.as_change() };
    house.school.members().change(&by, &of, change, &audit_event(), NOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_given_up_to_ones_own_and_a_crafted_form_gives_no_more() {
    let house = office().await;
    let admin = Visitor::signed_in(&house, "admin").await;
    let given = act(&admin, id(2), "roles", vec![("role", "user"), ("role", "editContact")]).await;
    leads_to(&given, &format!("/users/{}?done=roles", id(2)));
    assert_eq!(member(&house.school, 2).await.roles(), roles("user editContact"));

    // Not ticked on the page, because it cannot be: sent all the same.
    for code in ["tweet", "editMessageText", "preferences"] {
        let answer = act(&admin, id(2), "roles", vec![("role", "user"), ("role", code)]).await;
        assert_eq!(answer.status, 403, "{code}");
        assert!(answer.text.contains("because you do not hold it"), "{answer:?}");
    }
    assert_eq!(member(&house.school, 2).await.roles(), roles("user editContact"));
    let page = admin.get(&format!("/users/{}", id(2))).await;
    assert!(page.text.contains("value=\"tweet\" disabled"), "the box of what they lack is grey, with why");
    let teacher = Visitor::signed_in(&house, "teacher").await;
    let csrf = hidden(&teacher.get("/").await, "csrf");
    let answer =
        teacher.post(&format!("/users/{}/roles", id(1)), &[("csrf", &csrf), ("role", "admin")]).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_touches_themselves_nor_who_holds_more() {
    let house = office().await;
    let admin = Visitor::signed_in(&house, "admin").await;
    for (of, says) in [(id(1), "to yourself"), (id(3), "which you do not")] {
        for what in ["roles", "groups", "disable", "enable", "delete"] {
            let fields = vec![("role", "user"), ("sure", "yes"), ("group", "Year 9")];
            let answer = act(&admin, of, what, fields).await;
            assert_eq!(answer.status, 403, "{what} of {of}");
            assert!(answer.text.contains(says), "{what}: {answer:?}");
        }
        let page = admin.get(&format!("/users/{of}")).await;
        assert!(!page.text.contains("Save the roles"), "the page offers nothing of it");
    }
    for number in [1, 3] {
        assert_eq!(member(&house.school, number).await.standing(), Standing::Enabled);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_disable_each_other_at_once_one_remains() {
    let house = office().await;
    let all = api::services::users::codes(Roles::all());
    add(&house, &house.school, 4, "second", &all).await;
    let (one, other) =
        (Visitor::signed_in(&house, "super").await, Visitor::signed_in(&house, "second").await);
    let (first, second) =
        tokio::join!(act(&one, id(4), "disable", vec![]), act(&other, id(3), "disable", vec![]));
    let left = [member(&house.school, 3).await, member(&house.school, 4).await];
    let enabled = left.iter().filter(|m| m.standing() == Standing::Enabled).count();
    assert_eq!(enabled, 1, "{first:?} {second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_disabled_enabled_and_deleted_and_history_keeps_the_name() {
    let house = office().await;
    house
        .contacts(json!([{"id": "A", "forename": "Ada", "surname": "Marlow", "role": "parent", "mobile": "07700900001"}]))
        .await;
    let admin = Visitor::signed_in(&house, "super").await;
    let add_role = vec![("role", "user"), ("role", "composeMessage"), ("role", "authoriseMessage")];
    act(&admin, id(2), "roles", add_role).await;
    let teacher = Visitor::signed_in(&house, "teacher").await;
    let sent = teacher
        .fill_in(
            "/send",
            "/send",
            &[
                ("do", "send"),
                ("to", "everyone"),
                ("sms", "yes"),
                ("sms_text", "Hi"),
                ("expect", "1-1-1-0-0-0-0"),
            ],
        )
        .await;
    assert_eq!(sent.status, 303, "{sent:?}");

    leads_to(&act(&admin, id(2), "disable", vec![]).await, &format!("/users/{}?done=disabled", id(2)));
    assert!(!teacher.is_in().await, "out from the next request on");
    act(&admin, id(2), "enable", vec![]).await;
    assert!(teacher.is_in().await);
    let asked = act(&admin, id(2), "delete", vec![]).await;
    assert_eq!(asked.status, 200);
    assert!(asked.text.contains("Disabling is safer"), "asks once, and advises");
    leads_to(&act(&admin, id(2), "delete", vec![("sure", "yes")]).await, "/users?done=deleted");
    assert!(!teacher.is_in().await);
    assert_eq!(admin.get(&format!("/users/{}", id(2))).await.status, 404);
    assert!(!admin.get("/users").await.text.contains(">teacher<"));
    assert!(admin.get("/history").await.text.contains("Olive Field"), "the name as it was");
    let log = acts(&house.school).await;
    for act in [Act::RolesChanged, Act::UserDisabled, Act::UserEnabled, Act::UserDeleted] {
        assert!(log.contains(&act), "{act:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_schools_user_is_not_found_and_its_roles_are_not_shown() {
    let house = office().await;
    let (other, _) = house.another(2, &[]).await;
    add(&house, &other, 9, "stranger", "user admin tweet").await;
    let admin = Visitor::signed_in(&house, "super").await;
    assert_eq!(admin.get(&format!("/users/{}", id(9))).await.status, 404);
    for what in ["roles", "groups", "disable", "enable", "delete", "link"] {
        let answer = admin.fill_in("/users", &format!("/users/{}/{what}", id(9)), &[("sure", "yes")]).await;
        assert_eq!(answer.status, 404, "{what}");
    }
    let page = admin
        .fill_in("/users/new", "/users/new", &[("do", "find"), ("email", "Stranger@hillview.example")])
        .await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Olive F.") && page.text.contains("stranger"), "enough to tell who it is");
    let main = page.text.split_once("<main").unwrap().1;
    assert!(!main.contains("Olive Field"), "and no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_user_is_linked_and_works_at_once() {
    let house = office().await;
    let (other, _) = house.another(2, &[]).await;
    add(&house, &other, 9, "stranger", "user").await;
    let (by, of) = (member(&house.school, 3).await, other.members().get(id(9)).await.unwrap().unwrap());
    let away = MemberChange { standing: Standing::Disabled, ..of.as_change() };
    // Disabled elsewhere makes no difference here.
    add(&house, &other, 8, "theirs", "user admin").await;
    let theirs = other.members().get(id(8)).await.unwrap().unwrap();
    other.members().change(&theirs, &of, away, &audit_event(), NOON).await.unwrap();
    drop(by);

    let admin = Visitor::signed_in(&house, "admin").await;
    house.queued();
    let fields =
        [("do", "add"), ("email", "stranger@hillview.example"), ("role", "user"), ("role", "composeMessage")];
    let linked = admin.fill_in("/users/new", "/users/new", &fields).await;
    leads_to(&linked, &format!("/users/{}?done=linked", id(9)));
    assert_eq!(notices(&house), [Notice::Linked { user: id(9) }]);
    assert_eq!(member(&house.school, 9).await.roles(), roles("user composeMessage"));
    assert!(Visitor::signed_in(&house, "stranger").await.is_in().await);
    assert_eq!(house.store.user(id(9)).await.unwrap().unwrap().schools.len(), 2, "one user in two schools");

    // Once more: they are here, with what they have.
    let again = admin.fill_in("/users/new", "/users/new", &[("do", "find"), fields[1]]).await;
    leads_to(&again, &format!("/users/{}?done=member", id(9)));
    let crafted = [("do", "add"), fields[1], ("role", "user"), ("role", "editContact")];
    admin.fill_in("/users/new", "/users/new", &crafted).await;
    assert_eq!(member(&house.school, 9).await.roles(), roles("user composeMessage"), "not by the wizard");
    assert!(notices(&house).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_is_made_once_and_gets_a_link_never_a_password() {
    let house = office().await;
    let admin = Visitor::signed_in(&house, "admin").await;
    let press = async |fields: &[(&str, &str)]| admin.fill_in("/users/new", "/users/new", fields).await;
    let email = ("email", "zoe@hillview.example");
    assert_eq!(press(&[("do", "find"), ("email", "zoe")]).await.status, 422);
    assert!(press(&[("do", "find"), email]).await.text.contains("Who is it?"));
    assert_eq!(press(&[("do", "name"), email, ("forename", "Zoë")]).await.status, 422, "no surname");
    let named = [email, ("forename", "Zoë"), ("surname", "O’Neil")];
    let roles_page = press(&[&[("do", "name")], &named[..]].concat()).await;
    // The office's own username has no establishment in it: the school's initials stand for it.
    assert!(roles_page.text.contains("value=\"hs.zoe.oneil\""), "{roles_page:?}");
    let profile = press(&[&[("do", "profile"), ("profile", "Super-user")], &named[..]].concat()).await;
    assert!(profile.text.contains("The profile also gives"), "what the giver lacks is left out and said");
    assert!(
        house.store.user_by_email(&"zoe@hillview.example".parse_email()).await.unwrap().is_none(),
        "nothing yet"
    );

    house.queued();
    let username = ("username", "hs.zoe.oneil");
    let whole =
        [&[("do", "add"), username, ("role", "user"), ("role", "composeMessage")], &named[..]].concat();
    let refused =
        press(&[&[("do", "add"), username, ("role", "user"), ("role", "tweet")], &named[..]].concat()).await;
    assert_eq!(refused.status, 403, "a role that the giver lacks");
    assert_eq!(
        press(&[&[("do", "add"), username], &named[..]].concat()).await.status,
        422,
        "without signing in"
    );
    // By capitals, and with a Cyrillic letter that looks the same.
    for alike in ["TEACHER", "te\u{430}cher"] {
        let taken = [&[("do", "add"), ("username", alike), ("role", "user")], &named[..]].concat();
        let answer = press(&taken).await;
        assert!(
            answer.status == 422 && answer.text.contains("Somebody has this username"),
            "{alike}: {answer:?}"
        );
    }
    assert!(notices(&house).is_empty());

    let (first, second) = tokio::join!(press(&whole), press(&whole));
    let user = house.store.user_by_username("hs.zoe.oneil").await.unwrap().unwrap();
    for answer in [&first, &second, &press(&whole).await] {
        leads_to(answer, &format!("/users/{}?done=added", user.id));
    }
    assert_eq!(notices(&house), [Notice::Welcome { user: user.id }], "one user, one e-mail");
    assert_eq!(user.password_hash, "", "nobody knows a password of theirs");
    assert_eq!(
        house.school.members().get(user.id).await.unwrap().unwrap().roles(),
        roles("user composeMessage")
    );
    assert!(acts(&house.school).await.contains(&Act::UserCreated));
    // The same name again gets a number.
    let namesake = press(&[("do", "name"), ("email", "z2@hillview.example"), named[1], named[2]]).await;
    assert!(namesake.text.contains("value=\"hs.zoe.oneil2\""), "{namesake:?}");
    admin.fill_in("/users", &format!("/users/{}/link", user.id), &[]).await;
    assert_eq!(notices(&house), [Notice::Welcome { user: user.id }], "the link once more");
    assert!(acts(&house.school).await.contains(&Act::PasswordLinkSent));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_added_all_the_same_when_the_mail_cannot_be_queued() {
    let house = office().await;
    let admin = Visitor::signed_in(&house, "admin").await;
    house.queue.break_down();
    let fields = [
        ("do", "add"),
        ("email", "a@hillview.example"),
        ("forename", "Ann"),
        ("surname", "Bell"),
        ("username", "ann"),
        ("role", "user"),
    ];
    let answer = admin.fill_in("/users/new", "/users/new", &fields).await;
    assert!(answer.header("location").ends_with("?done=unmailed"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_made_changed_and_deleted_and_never_gives_what_its_maker_lacks() {
    let house = office().await;
    let (admin, all) = (Visitor::signed_in(&house, "admin").await, Visitor::signed_in(&house, "super").await);
    let make = async |by: &Visitor<'_>, name: &str, role: &str| {
        let version = hidden(&by.get("/users/profiles/new").await, "version");
        let fields = [("version", &*version), ("name", name), ("role", "user"), ("role", role)];
        let first = by.fill_in("/users/profiles/new", "/users/profiles/new", &fields).await;
        let second = by.fill_in("/users/profiles/new", "/users/profiles/new", &fields).await;
        (first.status.as_u16(), second.status.as_u16())
    };
    assert_eq!(make(&admin, "Desk", "editContact").await, (303, 303), "pressed twice");
    assert_eq!(house.school.profiles().list().await.unwrap().len(), 1);
    assert_eq!(make(&admin, "Posts", "tweet").await.0, 403);
    assert_eq!(make(&admin, "super-USER", "editContact").await.0, 422, "a built-in one's name");
    assert_eq!(make(&all, "Posts", "tweet").await.0, 303);

    let profiles = house.school.profiles().list().await.unwrap();
    let path = |name: &str| {
        format!("/users/profiles/{}", profiles.iter().find(|p| p.profile.name == name).unwrap().id)
    };
    let fields = [("version", "1"), ("name", "Desk"), ("role", "user"), ("role", "preferences")];
    assert_eq!(admin.fill_in("/users", &path("Desk"), &fields).await.status, 403, "more than they hold");
    for what in [path("Posts"), format!("{}/delete", path("Posts"))] {
        let fields = [("version", "1"), ("name", "Posts"), ("role", "user"), ("sure", "yes")];
        assert_eq!(admin.fill_in("/users", &what, &fields).await.status, 403, "{what}: of another's roles");
    }
    let fields = [("version", "1"), ("name", "Front desk"), ("role", "user")];
    assert_eq!(admin.fill_in("/users", &path("Desk"), &fields).await.status, 303);
    assert_eq!(
        admin.fill_in("/users", &path("Desk"), &fields).await.status,
        409,
        "changed since it was read"
    );
    let wizard = admin
        .fill_in(
            "/users/new",
            "/users/new",
            &[("do", "name"), ("email", "x@hillview.example"), ("forename", "X"), ("surname", "Y")],
        )
        .await;
    assert!(wizard.text.contains("Front desk"), "offered with the built-in ones");
    let sure = [("sure", "yes")];
    assert_eq!(admin.fill_in("/users", &format!("{}/delete", path("Desk")), &sure).await.status, 303);
    assert_eq!(house.school.profiles().list().await.unwrap().len(), 1);
    assert!(acts(&house.school).await.contains(&Act::ProfileChanged));
}

trait Email {
    fn parse_email(&self) -> domain::email::EmailAddress;
}

impl Email for str {
    fn parse_email(&self) -> domain::email::EmailAddress {
        domain::email::EmailAddress::parse(self).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_read_page_by_page_and_a_search_keeps_to_its_pages() {
    let house = office().await;
    for number in 10..70 {
        Staff::with(&house, number, &["user"], false).await;
    }
    let admin = Visitor::signed_in(&house, "admin").await;
    let rows = |answer: &Answer| answer.text.matches("<th scope=\"row\">").count();
    let first = admin.get("/users").await;
    assert_eq!(rows(&first), 50);
    assert!(first.text.contains("1 to 50 of 63 users") && first.text.contains("63 users"), "{first:?}");
    assert!(first.text.contains("page=2\" rel=\"next\""), "{first:?}");
    assert_eq!(rows(&admin.get("/users?q=&page=2").await), 13);
    assert_eq!(rows(&admin.get("/users?page=99").await), 13, "beyond the end is the last");
    let found = admin.get("/users?q=staff1").await;
    assert_eq!(rows(&found), 10, "{found:?}");
    assert!(found.text.contains("10 users") && !found.text.contains("page=2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_here_but_disabled_is_enabled_from_where_they_were_looked_for() {
    let house = office().await;
    let admin = Visitor::signed_in(&house, "admin").await;
    let zoe = add(&house, &house.school, 9, "zoe", "user").await;
    let path = format!("/users/{}", zoe.id);
    leads_to(&admin.fill_in(&path, &format!("{path}/disable"), &[]).await, &format!("{path}?done=disabled"));
    let email = zoe.email.to_string();
    let found = admin.fill_in("/users/new", "/users/new", &[("do", "find"), ("email", &email)]).await;
    leads_to(&found, &format!("{path}?done=away"));
    let page = admin.get(&format!("{path}?done=away")).await.text;
    assert!(page.contains("but disabled") && page.contains("Enable them now"), "{page}");
    leads_to(&admin.fill_in(&path, &format!("{path}/enable"), &[]).await, &format!("{path}?done=enabled"));
    assert!(!admin.get(&format!("{path}?done=away")).await.text.contains("Enable them now"));
}
