//! What can be done, apart from who asks for it: the JSON API and the pages both come here.

pub mod attendance;
pub mod audit;
pub mod authorise;
pub mod contacts;
pub mod control;
pub mod costing;
pub mod deliveries;
pub mod imports;
pub mod jobs;
pub mod keys;
pub mod mis;
pub mod settings;
pub mod status;
pub mod submit;
pub mod sync;
pub mod usage;
pub mod users;
pub mod x;
