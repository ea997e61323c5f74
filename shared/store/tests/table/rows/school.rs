//! Settings, the audit log, usage, texts that came in, and the account on X.

use std::collections::BTreeMap;

use domain::audit::{Act, verify};
use domain::settings::Settings;
use domain::usage::DayCounts;
use store::{AuditMonth, Inbound, School};
use testkit::{TABLE, school_id};

use super::{NOW, attribute, day, settings, stored, user};

#[tokio::test(flavor = "multi_thread")]
async fn a_school_keeps_its_settings_its_usage_and_its_account_on_x() {
    let table = stored().await;
    let school = table.school(1);
    let kept = school.settings().get().await.unwrap();
    assert_eq!(kept, Settings { version: 1, ..settings() });

    let counts = DayCounts { email_count: 1, sms_count: 2, sms_units: 3, voice_minutes: 4 };
    assert_eq!(school.usage().between(day(), day()).await.unwrap(), BTreeMap::from([(day(), counts)]));

    let access = school.x().access("42").await.unwrap().unwrap();
    assert_eq!((&*access.account, &*access.token, &*access.secret), ("42", "xtoken", "xsecret"));
    let link = school.x().take_link(user(1), "rtoken", "state", "session", NOW).await.unwrap().unwrap();
    assert_eq!((&*link.token, &*link.secret, link.expires_ms), ("rtoken", "rsecret", NOW + 600_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_holds_together_up_to_its_head() {
    let table = stored().await;
    let (store, school) = (&table.store, table.school(1));
    let (head, first, last) = school.audit().span().await.unwrap().unwrap();
    assert_eq!((head.seq, first, last), (11, AuditMonth::of(day()), AuditMonth::of(day())));
    let entries = school.audit().month(first).await.unwrap();
    assert_eq!(entries.len(), 11);
    assert_eq!(verify(&school_id(1).to_string(), &entries, &head, &[]), []);
    let made = &entries[0];
    assert_eq!((&*made.act, &*made.from, made.at_ms), (Act::SchoolCreated.code(), "192.0.2.1", NOW));
    assert!(made.who.contains(&user(1).to_string()) && made.changes.contains("before"));
    let due = store.due_anchors(NOW + 2 * 24 * 3_600_000, 10).await.unwrap();
    assert_eq!(due.iter().map(School::id).collect::<Vec<_>>(), [school_id(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_came_in_are_kept_once_with_the_school_of_their_number() {
    let table = stored().await;
    let store = &table.store;
    assert_eq!(store.owner_of_number("+447700900999").await.unwrap(), Some(school_id(1)));
    let thanks = Inbound {
        sid: "SMin1".to_owned(),
        from: "+447700900123".to_owned(),
        to: "+447700900999".to_owned(),
        body: "Thank you".to_owned(),
        at_ms: NOW,
    };
    let hello = Inbound {
        sid: "SMin2".to_owned(),
        from: "Bank".to_owned(),
        to: "+447700900998".to_owned(),
        body: "Hello".to_owned(),
        at_ms: NOW + 1,
    };
    assert!(!store.keep_inbound(&thanks).await.unwrap());
    assert!(!store.keep_inbound(&hello).await.unwrap());
    // Nothing shows them yet, so there is no door to read them through.
    let ours = format!("S#{}#N", school_id(1));
    for (pk, kept) in [(&*ours, thanks), ("N#", hello)] {
        let sk = format!("IN#{:014}#{}", kept.at_ms, kept.sid);
        let key = |text: &str| attribute(&serde_json::json!({ "S": text }));
        let got =
            table.client.get_item().table_name(TABLE).key("pk", key(pk)).key("sk", key(&sk)).send().await;
        let read: Inbound = serde_dynamo::from_item(got.unwrap().item.unwrap()).unwrap();
        assert!(read == kept);
    }
}
