//! The sync as it runs locally: the production connectors, and the demo school's MIS where the simulator is this time.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::SchoolId;
use domain::phone::NumberMode;
use domain::settings::Settings;
use domain::sync::MisSettings;
use runtime::{Clock, Files, Ids, Outside, SecretText, Vault};
use serde_json::json;
use store::Store;
use sync::{Connectors, Opener, Opening, Syncer};

use crate::demo;
use crate::error::StartError;
use crate::queue::LocalQueue;

/// How long one invocation of the sync writes before it hands on.
const TURN: Duration = Duration::from_mins(10);

/// Opens the MIS of any school; the demo school's is wherever the simulator listens.
struct LocalConnectors {
    opener: Opener,
    simulator: String,
}

impl Connectors for LocalConnectors {
    fn open<'a>(&'a self, school: SchoolId, settings: &'a Settings) -> Opening<'a> {
        Box::pin(async move {
            if settings.mis.secret != demo::mis::SECRET {
                return self.opener.open(school, settings).await;
            }
            let mis = MisSettings { address: self.simulator.clone(), ..settings.mis.clone() };
            self.opener.open(school, &Settings { mis, ..settings.clone() }).await
        })
    }
}

/// Keeps the demo MIS's credentials, as an administrator does on the settings page.
pub(crate) async fn keep_credentials(
    vault: &dyn Vault,
    school: SchoolId,
    simulator: &str,
) -> Result<(), StartError> {
    let credentials = json!({
        "token_url": format!("{simulator}/idaas/sts/STS/GetToken"),
        "relying_party": "messenger.example",
        "password": simulators::MIS_PASSWORD,
    });
    let text = SecretText::new(credentials.to_string());
    vault.put(school, demo::mis::SECRET, &text).await.map_err(|e| StartError::new("demo MIS", e))
}

/// The sync, with the simulator's address.
pub(crate) fn syncer(
    store: Store,
    queue: LocalQueue,
    files: Arc<dyn Files>,
    simulator: &str,
    vault: Arc<dyn Vault>,
    (clock, ids): (Clock, Ids),
) -> Result<Syncer, StartError> {
    let opener = Opener::new(Outside::InternetAndLoopback, clock.clone(), vault)
        .map_err(|e| StartError::new("sync", e))?;
    Ok(Syncer {
        store,
        files,
        connectors: Arc::new(LocalConnectors { opener, simulator: simulator.to_owned() }),
        queue: Arc::new(queue),
        clock,
        ids,
        numbers: NumberMode::Simulated,
        turn: TURN,
    })
}
