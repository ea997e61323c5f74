//! *Test connection*: only the school itself is read, and what is wrong is said in plain words.

use std::time::Duration;

use domain::feed::{Part, Records, single_spaced};
use domain::ids::RunId;
use domain::settings::Settings;
use domain::sync::TrialState;
use jiff::civil::Date;
use store::School;
use tracing::info;

use crate::Syncer;
use crate::error::Result;
use crate::mis::{Counter, MisError, Query};

/// Longest that a trial takes: somebody looks on.
const TRIAL: Duration = Duration::from_secs(10);

impl Syncer {
    /// Tries a school's MIS, if this trial is still the one that somebody waits for. Nothing else is read or changed.
    pub(crate) async fn try_mis(&self, school: &School, id: RunId) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let Some(trial) = school.sync().trial().get(now_ms).await?.filter(|t| t.id == id && t.waits(now_ms))
        else {
            return Ok(());
        };
        let settings = school.settings().get().await?;
        let outcome = tokio::time::timeout(TRIAL, self.name_there(school, &settings)).await;
        let late = MisError::Unreachable("no answer in time".to_owned());
        let (state, said) = match outcome.unwrap_or(Err(late)) {
            Ok(name) => named(&name, &settings.name),
            Err(error) => {
                info!(school = %school.id(), code = error.code(), "the MIS did not pass its trial");
                (TrialState::Wrong, wrong(&error))
            }
        };
        school.sync().trial().end(&trial.ended(state, said)).await?;
        Ok(())
    }

    /// What the MIS calls the school.
    async fn name_there(
        &self,
        school: &School,
        settings: &Settings,
    ) -> std::result::Result<String, MisError> {
        let none = || MisError::Malformed("no school".to_owned());
        let mis = self.connectors.open(school.id(), settings).await?.ok_or_else(none)?;
        let query = Query { part: Part::School, since: None, days: (Date::MIN, Date::MIN) };
        match mis.read(query, &Counter::default()).await?.records {
            Records::School(found) => Ok(found.name),
            _ => Err(none()),
        }
    }
}

fn named(there: &str, here: &str) -> (TrialState, String) {
    let folded = |name: &str| single_spaced(name).to_lowercase();
    if folded(there) == folded(here) {
        return (TrialState::Good, format!("The MIS answers as {there}."));
    }
    let words = format!(
        "The MIS can be reached, but it answers as {there}, and these settings are for {here}. If that is another \
         school, correct the school’s ID before the first run."
    );
    (TrialState::OtherName, words)
}

/// What is wrong, and what to do about it. Nothing that the MIS said is repeated.
fn wrong(error: &MisError) -> String {
    match error {
        MisError::Unauthorised { status: 0 } => {
            "There are no credentials for this MIS. Enter them and save.".to_owned()
        }
        MisError::Unauthorised { .. } => "The MIS does not accept these credentials: a password or token is wrong or \
                                          has run out, or it was not given the right to read this school."
            .to_owned(),
        MisError::Address(_) => "The address may not be called. It must begin with https:// and lead to a server on \
                                 the internet, not to one inside a network."
            .to_owned(),
        MisError::Unreachable(_) => {
            "The MIS does not answer. Check the address; if it is right, the MIS may be down.".to_owned()
        }
        MisError::Refused { status: 300..=399, .. } => {
            "The address only leads on to another one, which is not followed. Enter the final address.".to_owned()
        }
        MisError::Refused { status: 404, .. } => {
            "There is no such school or page at this address. Check the address and the school’s ID.".to_owned()
        }
        MisError::Refused { .. } => {
            "The MIS answered with an error. Check the school’s ID; if it is right, ask the supplier.".to_owned()
        }
        MisError::Malformed(_) | MisError::NotCarried => {
            "Something answers at this address, but not as this kind of MIS does. Check the kind, the address and the \
             school’s ID."
                .to_owned()
        }
        MisError::TooManyRequests { .. } => {
            "The MIS is there, but busy: it asks to be left alone for a while. Try again later.".to_owned()
        }
        MisError::Truncated(_) | MisError::Inconsistent(_) | MisError::TooLarge(_) => {
            "The MIS answers, but its answer was incomplete. Try again; if it keeps happening, ask the supplier."
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_of_another_name_is_told_apart_from_ours() {
        assert_eq!(named("Green  Abbey SCHOOL", "Green Abbey School").0, TrialState::Good);
        let (state, words) = named("Other High", "Green Abbey School");
        assert!(state == TrialState::OtherName && words.contains("answers as Other High"));
    }

    #[test]
    fn what_the_mis_said_is_not_repeated() {
        let said = "Password hunter2 is wrong".to_owned();
        let words = wrong(&MisError::Refused { status: 200, said });
        assert!(!words.contains("hunter2") && words.contains("school’s ID"));
    }
}
