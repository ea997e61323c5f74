//! Workers that die, jobs that come twice, people who act at the same moment.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use domain::ids::ImportId;
use domain::import::{Outcome, Stage};
use domain::job::Job;
use runtime::QueueName;

use super::office::{LEASE_MS, Office, parents};

/// Drops a future, as a killed process does, when it has been polled so often.
struct Killed<F> {
    inner: Pin<Box<F>>,
    polls: u32,
}

impl<F: Future> Future for Killed<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.inner.as_mut().poll(cx).map(Some)
    }
}

fn killed_after<F: Future>(polls: u32, inner: F) -> Killed<F> {
    Killed { inner: Box::pin(inner), polls }
}

/// Runs an upload's jobs with workers that die ever later, until its stage is `reached`. Jobs are lost each time: only
/// the sweep brings them back.
async fn with_dying_workers(office: &Office, id: ImportId, first: u32, reached: fn(&Stage) -> bool) {
    let mut polls = first;
    while !reached(&office.stage(id).await) {
        office.queue.take_jobs();
        office.sweep_later().await;
        // An upload is given up after eight tries that got no further. How often a worker waits for one step depends on
        // the machine, the more so the later the step: each lives the longer for it.
        let worker = office.importer();
        let _ = killed_after(polls, worker.run(id)).await;
        polls += 3 + polls / 4;
        assert!(polls < 5_000, "never gets on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_survives_workers_that_die_at_every_point() {
    for first in 7..=11 {
        let office = Office::open().await;
        let id = office.upload(parents(1_500).as_bytes()).await;
        with_dying_workers(&office, id, first, |stage| *stage == Stage::Mapping).await;
        office.choose(id).await;
        with_dying_workers(&office, id, first, |stage| matches!(stage, Stage::Checked(_))).await;
        let Stage::Checked(report) = office.stage(id).await else { panic!() };
        assert_eq!((report.rows, report.good, report.to_create), (1_500, 1_500, 1_500));
        office.confirm(id, report).await;
        with_dying_workers(&office, id, first, Stage::is_over).await;
        let Stage::Done(outcome) = office.stage(id).await else { panic!("{:?}", office.stage(id).await) };
        assert_eq!(outcome.written(), 1_500);
        assert_eq!(office.book().await.len(), 1_500);
        assert!(office.files.is_empty());
        assert_eq!(office.get(id).await.due_ms, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_heard_of_is_left_alone_and_a_lost_one_replaced() {
    let office = Office::open().await;
    let id = office.upload(parents(10).as_bytes()).await;
    let mut import = office.get(id).await;
    import.worker = Some("another".to_owned());
    import.due_ms = Some(office.now() + LEASE_MS);
    office.school.imports().save(&mut import).await.unwrap();
    office.work().await;
    assert_eq!(office.stage(id).await, Stage::Inspecting);
    office.sweep_later().await;
    office.work().await;
    assert_eq!(office.stage(id).await, Stage::Mapping);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_job_twice_at_once_writes_each_row_once() {
    let office = Office::open().await;
    let (id, report) = office.checked(parents(1_500).as_bytes()).await;
    office.confirm(id, report).await;
    let (one, other) = (office.importer(), office.importer());
    let (first, second) = tokio::join!(one.run(id), other.run(id));
    first.unwrap();
    second.unwrap();
    office.sweep_later().await;
    office.work().await;
    assert_eq!(office.stage(id).await, Stage::Done(Outcome { created: 1_500, updated: 0, skipped: 0 }));
    assert_eq!(office.book().await.len(), 1_500);
    // A job that comes late does nothing.
    office.importer().run(id).await.unwrap();
    assert_eq!(office.stage(id).await, Stage::Done(Outcome { created: 1_500, updated: 0, skipped: 0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_discards_overtakes_the_worker() {
    let office = Office::open().await;
    let (id, _) = office.inspected(parents(1_500).as_bytes()).await;
    office.choose(id).await;
    office.queue.take_jobs();
    let importer = office.importer();
    let mut worker = Box::pin(importer.run(id));
    assert!(killed_after(6, worker.as_mut()).await.is_none());
    office.set(id, |import| import.stage = Stage::Discarded).await;
    worker.await.unwrap();
    assert_eq!(office.stage(id).await, Stage::Discarded);
    office.work().await;
    assert_eq!(office.stage(id).await, Stage::Discarded);
    assert!(office.school.imports().part(id, 0).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_never_gets_on_is_given_up_with_a_word() {
    let office = Office::open().await;
    let (id, report) = office.checked(parents(3).as_bytes()).await;
    office.school.imports().delete_parts(id).await.unwrap();
    office.confirm(id, report).await;
    for _ in 0..8 {
        assert!(office.importer().run(id).await.is_err());
    }
    office.importer().run(id).await.unwrap();
    let reason = office.reason(id).await;
    assert!(reason.contains("0 of 3 rows were written"), "{reason}");
    // The address book is open again at once.
    assert_eq!(office.book().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_finds_only_what_is_overdue() {
    let office = Office::open().await;
    let id = office.upload(parents(3).as_bytes()).await;
    office.queue.take_jobs();
    office.wait(1);
    office.sweep_later().await;
    let jobs = office.queue.take_jobs();
    assert_eq!(jobs, [Job::Import { school: office.school.id(), import: id }]);
    for job in jobs {
        office.queue.put(QueueName::Routine, job, 0);
    }
    office.work().await;
    office.sweep_later().await;
    assert_eq!(office.queue.take_jobs(), []);
}
