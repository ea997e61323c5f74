//! Who asks, and what they may do. Every extractor here ends in a [`store::School`], so that no handler can reach a
//! school's rows on the word of a request.

mod browser;
mod cookie;
pub(crate) mod factor;
mod file;
mod memberships;
mod origin;
mod partner;
mod passwords;
mod session;
mod sign_in;
pub(crate) mod standards;

pub use cookie::{clear_session, session_cookie};
pub use file::PostedFile;
pub(crate) use memberships::working;
pub use origin::{FormPost, local_path};
pub use partner::Partner;
pub(crate) use passwords::Passwords;
pub(crate) use session::{Arriving, LIFETIME, PostedArriving, path_of};
pub use session::{Posted, SignedIn};
pub use sign_in::{SecondStep, SignIn, second_step, sign_in, sign_out};
pub(crate) use sign_in::{WINDOW_S, allow, begin, enter, unlock};
