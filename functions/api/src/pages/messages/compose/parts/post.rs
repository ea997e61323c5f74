//! The post on X's part of the form.

use askama::Template;
use domain::channel::Channel;
use domain::content::{MAX_WEIGHT, weight};

use super::{ChannelPart, Measured, Written, drawn};

pub(super) const PART: ChannelPart = ChannelPart { channel: Channel::Tweet, form, size: Some(size) };

#[derive(Template)]
#[template(path = "compose_tweet.html")]
struct PostForm<'a> {
    account: &'a str,
    text: &'a str,
    error: Option<String>,
    size: String,
}

fn form(written: &Written<'_>) -> Option<String> {
    let (account, post) = (written.account?, written.texts.tweet.as_ref()?);
    let (error, size) = (written.error("tweet_text"), written.size(Channel::Tweet));
    Some(drawn(&PostForm { account, text: &post.text, error, size }))
}

/// How long the post is, as X counts.
#[derive(Template)]
#[template(path = "compose_tweet_size.html")]
struct PostSize {
    words: String,
    over: bool,
}

fn size(measured: &Measured<'_>) -> String {
    let weight = measured.message.contents.tweet.as_ref().map_or(0, |post| weight(&post.text));
    let words = match MAX_WEIGHT.checked_sub(weight) {
        Some(left) => format!("{weight} of {MAX_WEIGHT} · {left} left"),
        None => format!("{weight} of {MAX_WEIGHT} · {} too many", weight - MAX_WEIGHT),
    };
    drawn(&PostSize { words, over: weight > MAX_WEIGHT })
}
