//! `messenger-admin`: reads the command line, reaches the table, prints the result.

use std::process::ExitCode;

use admin::arguments::{self, ArgumentError, Arguments, Command};
use admin::order;
use admin::verify::{anchors_in, anchors_kept};
use runtime::{
    Aws, Clock, Ids, Queue, Queues, S3Files, SqsQueue, audit_bucket, database_at, emergency_queue,
    public_url, table_name,
};
use store::Store;

/// The table of a database on this machine, where TABLE_NAME says nothing else.
const LOCAL_TABLE: &str = "messenger";

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to the terminal")]
async fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(ArgumentError::Help) => {
            println!("{}", arguments::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("{why}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    match work(arguments).await {
        Ok(outcome) => {
            print!("{outcome}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("messenger-admin: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn work(mut arguments: Arguments) -> Result<order::Outcome, Box<dyn std::error::Error>> {
    if let Command::CreateSchool(school) = &mut arguments.command {
        school.url = school.url.take().or_else(public_url);
    }
    let mut queue = None;
    let store = if let Some(url) = &arguments.database {
        Store::new(database_at(url), &table_name().unwrap_or_else(|_| LOCAL_TABLE.to_owned()))
    } else {
        let aws = Aws::from_env().await;
        queue = emergency_queue()
            .map(|emergency| SqsQueue::new(aws.sqs(), Queues { emergency, ..Queues::default() }));
        Store::new(aws.dynamodb(), &table_name()?)
    };
    let anchors = match &arguments.command {
        Command::VerifyAudit(to) => match (&to.anchors, &arguments.database) {
            (Some(folder), _) => anchors_in(folder, to.school)?,
            (None, Some(_)) => Vec::new(),
            (None, None) => {
                let files = S3Files::new(Aws::from_env().await.s3(), String::new(), audit_bucket()?);
                anchors_kept(&files, to.school).await?
            }
        },
        _ => Vec::new(),
    };
    let queue = queue.as_ref().map(|queue| queue as &dyn Queue);
    let now_ms = Clock::system().now_ms();
    Ok(order::run(&store, &Ids::system(), now_ms, queue, arguments.command, &anchors).await?)
}
