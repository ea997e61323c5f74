//! Receipts on their way to the product: kept in order per record, retried while the product is down.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::app::{App, Shared};
use crate::clock;
use crate::courier::{AT_ONCE, Job};
use crate::kind::Kind;
use crate::outcome::{self, Step};
use crate::record::Record;
use crate::twilio::overrides::Retries;
use crate::{ses, twilio};

/// Twilio's callbacks are given up after this long, if not before.
const TWILIO_PATIENCE: Duration = Duration::from_secs(15);
/// SES events go through SNS and a queue, which keep trying; after a restart they are tried again.
const SES_PATIENCE: Duration = Duration::from_mins(30);
/// Receipts of records older than this are not taken up again after a restart.
const FRESH: clock::Millis = 24 * 60 * 60 * 1000;

/// Takes up the receipts that were owed when the process last ended.
pub(crate) fn resume(app: &App) {
    if app.courier.is_on() {
        for number in app.book.unsettled(clock::now() - FRESH) {
            app.courier.take_on(number);
        }
    }
}

/// Delivers until the task that runs it is ended.
pub(crate) async fn run(app: Shared, mut inbox: UnboundedReceiver<Job>) {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut waiting: BinaryHeap<Reverse<Job>> = BinaryHeap::new();
    let mut under_way = JoinSet::new();
    loop {
        while under_way.try_join_next().is_some() {}
        let next = waiting.peek().map(|Reverse(job)| job.due);
        let due = async {
            match next {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            job = inbox.recv() => match job {
                Some(job) => waiting.push(Reverse(job)),
                None => return,
            },
            () = app.courier.wake.notified() => {}
            () = due, if !app.courier.paused.load(Ordering::Acquire) => {
                let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
                if let Some(Reverse(job)) = waiting.pop() {
                    let app = Arc::clone(&app);
                    under_way.spawn(async move {
                        work(&app, job).await;
                        drop(slot);
                    });
                }
            }
        }
    }
}

/// The receipts of a record in the order in which they go out.
fn course(app: &App, record: &Record<'_>) -> Vec<Step> {
    let mut steps = outcome::steps(record);
    if app.latency.unordered && record.sid.pick(2) == 1 {
        let times: Vec<u32> = steps.iter().map(|step| step.after).collect();
        steps.reverse();
        for (step, after) in steps.iter_mut().zip(times) {
            step.after = after;
        }
    }
    steps
}

/// Delivers one receipt if it is due, then leaves word of what comes next.
async fn work(app: &App, job: Job) {
    let Some(line) = app.book.read(job.number) else {
        return;
    };
    let Some(record) = line.record() else { return };
    let steps = course(app, &record);
    let Some(step) = steps.get(job.step) else {
        app.courier.pending.fetch_sub(1, Ordering::Relaxed);
        if !steps.is_empty() {
            let _ = app.book.settle(record.sid);
        }
        return;
    };
    let due = job.start + app.latency.step * step.after;
    if due > Instant::now() {
        return app.courier.leave(Job { due, first: due, ..job });
    }
    let parcel = match record.kind {
        Kind::Email => ses::events::parcel(app, &record, step),
        _ => twilio::receipts::parcel(app, &record, step.event),
    };
    // Nowhere to send it: as if nobody had subscribed.
    let Some(parcel) = parcel else {
        return onward(app, job);
    };
    match app.courier.post(parcel).await {
        Some(status) if status.is_success() => {
            app.courier.delivered.fetch_add(1, Ordering::Relaxed);
            onward(app, job);
        }
        _ if record.kind == Kind::Email => retry(app, job, record.kind),
        status => {
            let retries = Retries::of(&record.callback);
            if job.tries < retries.most && retries.after(status) {
                retry(app, job, record.kind);
            } else {
                give_up(app, job);
            }
        }
    }
}

fn onward(app: &App, job: Job) {
    let now = Instant::now();
    app.courier.leave(Job { due: now, step: job.step + 1, tries: 0, first: now, ..job });
}

fn give_up(app: &App, job: Job) {
    app.courier.given_up.fetch_add(1, Ordering::Relaxed);
    onward(app, job);
}

fn retry(app: &App, job: Job, kind: Kind) {
    let pause = Duration::from_millis(250) * 2_u32.pow(job.tries.min(5));
    let due = Instant::now() + pause;
    let patience = if kind == Kind::Email { SES_PATIENCE } else { TWILIO_PATIENCE };
    if due.duration_since(job.first) < patience {
        app.courier.leave(Job { due, tries: job.tries + 1, ..job });
    } else if kind == Kind::Email {
        // Left unsettled, so that the next start takes it up again.
        app.courier.given_up.fetch_add(1, Ordering::Relaxed);
        app.courier.pending.fetch_sub(1, Ordering::Relaxed);
    } else {
        give_up(app, job);
    }
}
