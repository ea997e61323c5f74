//! The command line.

use std::path::PathBuf;

/// What the command line takes.
pub(crate) const USAGE: &str = "\
bench all --programs DIRECTORY --peer DIRECTORY [--only PART]
    measures everything and prints the table; `local` and `sink` lie in the first directory,
    the comparison worker in the second; PART is rules, latency, units, speed, sync or rivals
bench database --data DIRECTORY [--metered]
    serves the embedded database in a process of its own; metered, it adds up consumed capacity
bench mis --pupils N
    serves the MIS of a made-up school
bench sync --database URL --mis URL
    does one sync run and prints what it took";

/// What to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Measure everything.
    All(Programs),
    /// Serve the embedded database.
    Database {
        /// Where its file lies.
        directory: PathBuf,
        /// Whether it adds up what its answers say they consumed.
        metered: bool,
    },
    /// Serve an MIS.
    Mis {
        /// The school's pupils.
        pupils: usize,
    },
    /// Do one sync run.
    Sync {
        /// Where the database is.
        database: String,
        /// Where the MIS is.
        mis: String,
    },
}

/// Where the programs are that are measured.
#[derive(Debug)]
pub(crate) struct Programs {
    /// `local`, `sink` and this program.
    pub(crate) directory: PathBuf,
    /// The comparison worker.
    pub(crate) peer: PathBuf,
    /// The one part to measure; all of them otherwise.
    pub(crate) only: Option<String>,
}

impl Programs {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Whether this part is to be measured.
    pub(crate) fn wants(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let command = arguments.next().ok_or("What should be done?")?;
    let (mut directory, mut peer, mut data, mut only, mut metered) = (None, None, None, None, false);
    let (mut pupils, mut database, mut mis) = (None, None, None);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value."));
        match argument.as_str() {
            "--programs" => directory = Some(PathBuf::from(value()?)),
            "--peer" => peer = Some(PathBuf::from(value()?)),
            "--data" => data = Some(PathBuf::from(value()?)),
            "--only" => only = Some(value()?),
            "--metered" => metered = true,
            "--pupils" => pupils = value()?.parse().ok(),
            "--database" => database = Some(value()?),
            "--mis" => mis = Some(value()?),
            unknown => return Err(format!("{unknown} is not an option.")),
        }
    }
    match command.as_str() {
        "all" => Ok(Command::All(Programs {
            directory: directory.ok_or("--programs is missing.")?,
            peer: peer.ok_or("--peer is missing.")?,
            only,
        })),
        "database" => Ok(Command::Database { directory: data.ok_or("--data is missing.")?, metered }),
        "mis" => Ok(Command::Mis { pupils: pupils.ok_or("--pupils is missing, or no number.")? }),
        "sync" => Ok(Command::Sync {
            database: database.ok_or("--database is missing.")?,
            mis: mis.ok_or("--mis is missing.")?,
        }),
        unknown => Err(format!("{unknown} is not a command.")),
    }
}
