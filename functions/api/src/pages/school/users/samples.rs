//! Made-up users of a made-up school.

use domain::email::EmailAddress;
use domain::ids::{SchoolId, UserId};
use domain::people::{Manager, Member, Profile, Role, Roles, Standing};
use store::{Account, OwnProfile, User};
use ulid::Ulid;

use super::list::{Asked, Person};
use super::{MemberPage, ProfilePage, ProfilesPage, UsersPage};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::lines::samples::{local, now_ms};
use crate::pages::kit::places::NavItem;

fn person(
    n: u128,
    forename: &str,
    surname: &str,
    profile: usize,
    standing: Standing,
    groups: &[&str],
) -> Person {
    let id = UserId::new(Ulid::from_parts(1, n));
    let username = format!("5976.{}.{}", forename.to_lowercase(), surname.to_lowercase());
    let user = User {
        id,
        email: EmailAddress::parse(&format!("{}@greenabbey.example", forename.to_lowercase())).unwrap(),
        username,
        forename: forename.to_owned(),
        surname: surname.to_owned(),
        password_hash: if n == 4 { String::new() } else { "set".to_owned() },
        created_ms: 0,
        account: Account::default(),
        schools: Vec::new(),
    };
    let last = (n != 4).then(|| now_ms() - 86_400_000 * i64::try_from(n).unwrap());
    let membership = serde_json::json!({
        "school": SchoolId::new(Ulid(1)), "user": id, "roles": Profile::built_in()[profile].roles,
        "standing": standing, "groups": groups, "version": 1, "last_sign_in_ms": last,
    });
    Person { membership: serde_json::from_value(membership).unwrap(), user }
}

fn people() -> Vec<Person> {
    use Standing::{Disabled, Enabled};
    vec![
        person(1, "Robin", "Marlow", 4, Enabled, &[]),
        person(2, "Tess", "Abernethy", 0, Enabled, &["Year 9"]),
        person(3, "Olive", "Field", 2, Disabled, &[]),
        person(4, "Ada", "Quill", 3, Enabled, &[]),
    ]
}

fn member_page(of: usize, manager: Roles) -> MemberPage {
    let (book, people) = (crate::pages::messages::compose::samples::book(), people());
    let by = Member { user: people[0].user.id, roles: manager, standing: Standing::Enabled };
    let manager_of = Manager::new(by).unwrap();
    let frame = Frame::sample(NavItem::USERS);
    MemberPage::new(frame, &local(), &people[of], manager_of, manager, &book, None)
}

fn profile() -> OwnProfile {
    let roles = Roles::of_codes(["user", "authoriseMessage", "messageHistory", "tweet"]);
    OwnProfile { id: Ulid(7), profile: Profile { name: "Attendance office".to_owned(), roles }, version: 1 }
}

impl UsersPage {
    fn made(asked: &Asked) -> Self {
        let me = people()[0].user.id;
        Self::new(Frame::sample(NavItem::USERS), &local(), people(), &Profile::built_in(), me, asked)
    }

    pub(crate) fn sample() -> Self {
        Self::made(&Asked::default())
    }

    pub(crate) fn sample_nobody() -> Self {
        Self::made(&Asked::looking_for("zzz"))
    }
}

impl MemberPage {
    pub(crate) fn sample() -> Self {
        member_page(1, Roles::all().without(Role::Tweet))
    }

    pub(crate) fn sample_holds_more() -> Self {
        member_page(3, Roles::of_codes(["user", "manageUser"]))
    }

    pub(crate) fn sample_yourself() -> Self {
        member_page(0, Roles::all())
    }
}

impl ProfilesPage {
    pub(crate) fn sample() -> Self {
        Self::new(Frame::sample(NavItem::USERS), &[profile()], Some("The profile is saved.".to_owned()))
    }

    pub(crate) fn sample_empty() -> Self {
        Self::new(Frame::sample(NavItem::USERS), &[], None)
    }
}

impl ProfilePage {
    pub(crate) fn sample() -> Self {
        let stored = profile();
        Self::of(Frame::sample(NavItem::USERS), &stored, &stored.profile, Roles::all(), Vec::new())
    }

    pub(crate) fn sample_grey() -> Self {
        let stored = profile();
        let held = Roles::of_codes(["user", "manageUser"]);
        Self::of(Frame::sample(NavItem::USERS), &stored, &stored.profile, held, Vec::new())
    }
}
