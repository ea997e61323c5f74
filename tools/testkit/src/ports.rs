//! The provider behind each port.

use channels::port::{
    BoxFuture, Fetched, Found, Mailer, OutgoingCall, OutgoingEmail, OutgoingSms, OutgoingTweet, SmsSender,
    Tweeter, VoiceCaller,
};
use domain::channel::Channel;
use domain::delivery::Answer;

use crate::provider::Provider;

fn at_once<'a, T: Send + 'a>(answer: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl SmsSender for Provider {
    fn send<'a>(&'a self, sms: OutgoingSms<'a>) -> BoxFuture<'a, Answer> {
        at_once(self.hand_over(Channel::Sms, sms.to.as_ref(), sms.body, sms.reference))
    }

    fn find<'a>(&'a self, to: &'a str, _: &'a str, since_ms: i64, until_ms: i64) -> Found<'a> {
        Box::pin(self.search(to, since_ms, until_ms))
    }

    fn fetch<'a>(&'a self, id: &'a str) -> Fetched<'a> {
        at_once(Ok(self.look_up(id)))
    }
}

impl VoiceCaller for Provider {
    fn send<'a>(&'a self, call: OutgoingCall<'a>) -> BoxFuture<'a, Answer> {
        at_once(self.hand_over(Channel::Voice, call.to.as_ref(), call.text, call.reference))
    }

    fn find<'a>(&'a self, to: &'a str, from: &'a str, since_ms: i64, until_ms: i64) -> Found<'a> {
        SmsSender::find(self, to, from, since_ms, until_ms)
    }

    fn fetch<'a>(&'a self, id: &'a str) -> Fetched<'a> {
        SmsSender::fetch(self, id)
    }
}

impl Mailer for Provider {
    fn send<'a>(&'a self, email: OutgoingEmail<'a>) -> BoxFuture<'a, Answer> {
        at_once(self.hand_over(Channel::Email, email.to.as_str(), email.text, email.reference))
    }
}

impl Tweeter for Provider {
    fn post<'a>(&'a self, tweet: OutgoingTweet<'a>) -> BoxFuture<'a, Answer> {
        at_once(self.hand_over(Channel::Tweet, &tweet.access.token, tweet.text, tweet.reference))
    }
}
