//! What the functions say to each other: one job is one queue item. This is the only place where they meet.

use serde::{Deserialize, Serialize};

use crate::delivery::Evidence;
use crate::ids::{Epoch, ImportId, MessageId, RunId, SchoolId, SyncFileId};
use crate::message::Purpose;
use crate::notice::Notice;

/// The queues between the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueueName {
    /// Ordinary sends.
    Routine,
    /// Emergencies, which wait for nobody.
    Emergency,
    /// What providers report.
    Receipts,
    /// Messages to count.
    Finished,
    /// What an MIS is asked.
    Sync,
}

/// Names a page of up to 25 deliveries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PageRef {
    /// The school.
    pub school: SchoolId,
    /// The message.
    pub message: MessageId,
    /// The plan that made the page.
    pub epoch: Epoch,
    /// Number of the page, from 0.
    pub page: u32,
}

/// Names one delivery of a page and the attempt that a receipt speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeliveryRef {
    /// The page.
    #[serde(flatten)]
    pub page: PageRef,
    /// Place in the page, from 0.
    pub index: u8,
    /// The fence under which the attempt was made.
    pub attempt: u32,
}

/// One item of a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Resolve the audience and write the pages.
    Plan {
        /// The school.
        school: SchoolId,
        /// The message.
        message: MessageId,
        /// The revision that was accepted; a later edit makes this job a no-op.
        revision: u32,
    },
    /// Send one page.
    Page {
        /// The page.
        #[serde(flatten)]
        page: PageRef,
        /// The fence that the sender of this job saw: a job from before another claim is stale and does nothing.
        fence: u32,
        /// A time slot already reserved in the sender's bucket, in milliseconds since 1970.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slot: Option<i64>,
    },
    /// Find out how a page ended whose worker may be gone, or its unknown deliveries.
    Recover {
        /// The page.
        #[serde(flatten)]
        page: PageRef,
        /// The fence that was seen. If it has moved, somebody else is at work.
        fence: u32,
    },
    /// A provider reported on a delivery, or a late worker did.
    Receipt {
        /// What it speaks of.
        #[serde(flatten)]
        delivery: DeliveryRef,
        /// What it says.
        evidence: Evidence,
    },
    /// Look at a message as a whole: the one owner of its progress.
    Watch {
        /// The school.
        school: SchoolId,
        /// The message.
        message: MessageId,
    },
    /// Count a finished message into the day's usage and the contacts' history.
    Finish {
        /// The school.
        school: SchoolId,
        /// The message.
        message: MessageId,
    },
    /// Go on with a confirmed upload.
    Import {
        /// The school.
        school: SchoolId,
        /// The upload.
        import: ImportId,
    },
    /// Go on with a sync run.
    Sync {
        /// The school.
        school: SchoolId,
        /// The run.
        run: RunId,
    },
    /// Try whether a school's MIS can be reached.
    TryMis {
        /// The school.
        school: SchoolId,
        /// The trial.
        trial: RunId,
    },
    /// Look at the registers that a message is about, before it goes.
    LookAtRegisters {
        /// The school.
        school: SchoolId,
        /// The message.
        message: MessageId,
    },
    /// Look at a file that a school's MIS wrote, before a run reads it.
    LookAtFile {
        /// The school.
        school: SchoolId,
        /// The file.
        file: SyncFileId,
    },
    /// Tell somebody on the staff something. Done twice it may tell them twice; the newer link or code is then the one
    /// that works.
    Notify {
        /// The school on whose behalf; [`Job::NO_SCHOOL`] where that is not known before the user is.
        school: SchoolId,
        /// What.
        notice: Notice,
    },
}

impl Job {
    /// Stands for no school: there is none of this id.
    pub const NO_SCHOOL: SchoolId = SchoolId::new(ulid::Ulid::nil());

    /// The school the job works for. Queues group by it, so that one large send does not hold up the others.
    pub const fn school(&self) -> SchoolId {
        match self {
            Self::Plan { school, .. }
            | Self::Watch { school, .. }
            | Self::Finish { school, .. }
            | Self::Import { school, .. }
            | Self::Sync { school, .. }
            | Self::TryMis { school, .. }
            | Self::LookAtRegisters { school, .. }
            | Self::LookAtFile { school, .. }
            | Self::Notify { school, .. } => *school,
            Self::Page { page, .. } | Self::Recover { page, .. } => page.school,
            Self::Receipt { delivery, .. } => delivery.page.school,
        }
    }

    /// The queue that the job belongs in, where it is not for an emergency.
    pub const fn queue(&self) -> QueueName {
        match self {
            Self::Plan { .. }
            | Self::Page { .. }
            | Self::Recover { .. }
            | Self::Watch { .. }
            | Self::Import { .. } => QueueName::Routine,
            // Somebody waits for it.
            Self::Notify { .. } => QueueName::Emergency,
            Self::Receipt { .. } => QueueName::Receipts,
            Self::Finish { .. } => QueueName::Finished,
            Self::Sync { .. }
            | Self::TryMis { .. }
            | Self::LookAtRegisters { .. }
            | Self::LookAtFile { .. } => QueueName::Sync,
        }
    }

    /// The queue that the job belongs in, for a message of this purpose.
    pub const fn queue_for(&self, purpose: Purpose) -> QueueName {
        match (self.queue(), purpose) {
            (QueueName::Routine, Purpose::Emergency) => QueueName::Emergency,
            (queue, _) => queue,
        }
    }

    /// A word for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "plan",
            Self::Page { .. } => "page",
            Self::Recover { .. } => "recover",
            Self::Receipt { .. } => "receipt",
            Self::Watch { .. } => "watch",
            Self::Finish { .. } => "finish",
            Self::Import { .. } => "import",
            Self::Sync { .. } => "sync",
            Self::TryMis { .. } => "try_mis",
            Self::LookAtRegisters { .. } => "look_at_registers",
            Self::LookAtFile { .. } => "look_at_file",
            Self::Notify { .. } => "notify",
        }
    }
}
