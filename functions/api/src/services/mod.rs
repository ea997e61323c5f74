//! What can be done, apart from who asks for it: the JSON API and the pages both come here.

pub mod attendance;
pub mod audit;
pub mod authorise;
pub mod compose;
pub mod contacts;
pub mod control;
pub mod costing;
pub mod deliveries;
pub mod imports;
pub mod keys;
pub mod mis;
pub mod notify;
pub mod release;
pub mod send;
pub mod settings;
pub mod status;
pub mod sync;
pub mod usage;
pub mod users;
pub mod x;
