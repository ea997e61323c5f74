//! Who asks, and what they may do. Every extractor here ends in a [`store::School`], so that no handler can reach a
//! school's rows on the word of a request.

mod cookie;
mod origin;
mod partner;
mod passwords;
mod session;
mod sign_in;

pub use cookie::{clear_session, session_cookie};
pub use origin::{FormPost, local_path};
pub use partner::{Partner, Scope};
pub(crate) use passwords::Passwords;
pub use passwords::hash_password;
pub use session::{Posted, SignedIn};
pub use sign_in::{sign_in, sign_out};
