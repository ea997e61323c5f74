//! Who is let in and changed by whom, and that the log tells it.

use domain::audit::{Act, AuditEvent, Broken, Change, Head, Who, verify};
use domain::ids::UserId;
use domain::people::{Roles, Standing};
use store::{AuditMonth, MemberChange, Membership, School, StoreError};
use testkit::{school_id, user_id};

use super::book::NOW;
use crate::common::TestTable;

async fn known(table: &TestTable, number: u128) -> UserId {
    let user = testkit::user(number, &format!("user{number}"), &format!("user{number}@example.org"));
    table.store.create_user(&user).await.unwrap();
    user.id
}

async fn member(table: &TestTable, number: u128, roles: Roles) -> Membership {
    let user = known(table, number).await;
    table.school(1).members().add(user, roles).await.unwrap();
    table.school(1).members().get(user).await.unwrap().unwrap()
}

fn audit_event(act: Act, on: UserId) -> AuditEvent {
    let changes = Change::of("roles", "user", "user,admin").into_iter().collect();
    AuditEvent {
        who: Who::User(user_id(1).to_string()),
        from: "192.0.2.1".into(),
        act,
        on: on.to_string(),
        changes,
    }
}

fn disabled(membership: &Membership) -> MemberChange {
    MemberChange { standing: Standing::Disabled, ..membership.as_change() }
}

async fn whole_log(school: &School) -> Vec<domain::audit::Entry> {
    let Some((_, first, last)) = school.audit().span().await.unwrap() else { return Vec::new() };
    let mut log = Vec::new();
    let mut month = first;
    while month <= last {
        log.extend(school.audit().month(month).await.unwrap());
        month = month.next();
    }
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_disable_each_other_at_once_one_remains() {
    let table = TestTable::start().await;
    for round in 0..10_u128 {
        let (a, b) = (
            member(&table, 10 + 2 * round, Roles::all()).await,
            member(&table, 11 + 2 * round, Roles::all()).await,
        );
        let school = table.school(1);
        let (first, second) =
            (audit_event(Act::UserDisabled, b.user()), audit_event(Act::UserDisabled, a.user()));
        let both = tokio::join!(
            school.members().change(&a, &b, disabled(&b), &first, NOW),
            school.members().change(&b, &a, disabled(&a), &second, NOW),
        );
        let done = [both.0.is_ok(), both.1.is_ok()];
        assert_eq!(done.iter().filter(|d| **d).count(), 1, "{both:?}");
        let standing =
            async |m: &Membership| school.members().get(m.user()).await.unwrap().unwrap().standing();
        let left = [standing(&a).await, standing(&b).await];
        assert_eq!(left.iter().filter(|s| **s == Standing::Enabled).count(), 1);
    }
    assert_eq!(whole_log(&table.school(1)).await.len(), 10, "what was refused is not in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_the_strength_of_rights_that_are_gone_is_refused() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let (by, other, of) = (
        member(&table, 1, Roles::all()).await,
        member(&table, 2, Roles::all()).await,
        member(&table, 3, Roles::of_codes(["user"])).await,
    );
    school
        .members()
        .change(&other, &by, disabled(&by), &audit_event(Act::UserDisabled, by.user()), NOW)
        .await
        .unwrap();
    let more = MemberChange { roles: Roles::all(), ..of.as_change() };
    let late = school
        .members()
        .change(&by, &of, more.clone(), &audit_event(Act::RolesChanged, of.user()), NOW)
        .await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    let stranger = known(&table, 4).await;
    let admitted = school
        .members()
        .add_recorded(&by, stranger, more, &audit_event(Act::UserLinked, stranger), NOW)
        .await;
    assert!(matches!(admitted, Err(StoreError::Conflict)), "{admitted:?}");
    assert_eq!(school.members().get(stranger).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_was_deleted_can_be_let_in_again_and_a_member_cannot_be_let_in_twice() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let by = member(&table, 1, Roles::all()).await;
    let user = known(&table, 2).await;
    let roles = Roles::of_codes(["user", "composeMessage"]);
    let change = MemberChange { roles, standing: Standing::Enabled, groups: vec!["Year 9".into()] };
    let admit = async || {
        school
            .members()
            .add_recorded(&by, user, change.clone(), &audit_event(Act::UserLinked, user), NOW)
            .await
    };
    admit().await.unwrap();
    assert!(matches!(admit().await, Err(StoreError::Conflict)), "twice");
    let member = school.members().get(user).await.unwrap().unwrap();
    assert_eq!((member.roles(), member.groups()), (roles, &["Year 9".to_owned()][..]));

    let gone = MemberChange { standing: Standing::Deleted, ..member.as_change() };
    school.members().change(&by, &member, gone, &audit_event(Act::UserDeleted, user), NOW).await.unwrap();
    let account = table.store.user(user).await.unwrap().unwrap();
    assert!(table.store.memberships(&account).await.unwrap().is_empty(), "a deleted membership is none");
    admit().await.unwrap();
    assert_eq!(table.store.memberships(&account).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn deeds_at_once_make_one_chain() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let events = (0..20).map(|n| {
        let school = school.clone();
        tokio::spawn(async move {
            let signed_in = audit_event(Act::SignedIn, user_id(n));
            // Busy is an honest answer to a crowd: whoever asked asks again.
            while let Err(StoreError::Busy) = school.audit().record(&signed_in, NOW).await {}
        })
    });
    for done in events.collect::<Vec<_>>() {
        done.await.unwrap();
    }
    let log = whole_log(&school).await;
    let head = school.audit().head().await.unwrap();
    assert_eq!((log.len(), head.seq), (20, 20));
    assert_eq!(verify(&school_id(1).to_string(), &log, &head, &[]), []);
    assert_eq!(table.school(2).audit().head().await.unwrap(), Head::default(), "each school has its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_goes_on_across_months_and_clocks_that_lag() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let month_ms = 31 * 24 * 3_600_000;
    for at_ms in [NOW, NOW + month_ms, NOW + month_ms - 5 * 60_000, NOW, NOW + 3 * month_ms] {
        school.audit().record(&audit_event(Act::SignedIn, user_id(1)), at_ms).await.unwrap();
    }
    let (head, first, last) = school.audit().span().await.unwrap().unwrap();
    assert_eq!((first, last), (AuditMonth::of_ms(NOW), AuditMonth::of_ms(NOW + 3 * month_ms)));
    let log = whole_log(&school).await;
    assert_eq!(log.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(verify(&school_id(1).to_string(), &log, &head, &[]), []);

    // A month taken out of the table shows.
    let without: Vec<_> = log.into_iter().filter(|e| e.seq == 1 || e.seq == 5).collect();
    assert_eq!(verify(&school_id(1).to_string(), &without, &head, &[]), [Broken::Missing { from: 2, to: 4 }]);
}
