//! Jobs as Lambda brings them.

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use domain::job::Job;

/// Jobs as one batch of a queue; the first has the id `0`.
pub fn batch_of<'a>(jobs: impl IntoIterator<Item = &'a Job>) -> SqsEvent {
    let record = |(number, job): (u32, &Job)| {
        let mut record = SqsMessage::default();
        record.message_id = Some(number.to_string());
        record.body = Some(serde_json::to_string(job).unwrap());
        record
    };
    let mut event = SqsEvent::default();
    event.records = (0..).zip(jobs).map(record).collect();
    event
}
