//! Posts on X.

use std::sync::Arc;

use channels::port::{Access, BoxFuture, OutgoingTweet, Tweeter};
use domain::delivery::{Answer, Reason};
use domain::settings::Settings;
use store::School;

use super::{Outgoing, Provider, refused};

/// Posts on the school's account.
pub struct TweetProvider {
    /// The adapter.
    pub port: Arc<dyn Tweeter>,
}

impl Provider for TweetProvider {
    fn sender<'a>(&'a self, settings: &'a Settings) -> &'a str {
        settings.x.as_ref().map_or("", |account| account.id.as_str())
    }

    /// The access to the account that the message was written for, if it is linked still.
    fn access<'a>(
        &'a self,
        school: &'a School,
        settings: &'a Settings,
    ) -> BoxFuture<'a, store::Result<Option<Access>>> {
        Box::pin(async move {
            let Some(account) = &settings.x else { return Ok(None) };
            let access = school.x().access(&account.id).await?;
            Ok(access.map(|access| Access { token: access.token, secret: access.secret }))
        })
    }

    fn send<'a>(&'a self, out: Outgoing<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            // The account was unlinked since, or another is linked now.
            let Some(access) = out.access else { return refused(Reason::LinkGone) };
            let (text, reference) = (&*out.rendered.text, out.reference);
            self.port.post(OutgoingTweet { access, text, reference, at_ms: out.at_ms }).await
        })
    }
}
