//! The three legs by which a school lets the product post for it.

use std::collections::HashMap;

use reqwest::Url;

use super::X;
use super::oauth::Once;
use crate::exchange::Exchange;
use crate::port::{Access, AccountLinker, ChannelError, LinkBegun, LinkedAccount, Linking, Nonce};

/// Longest token, secret or name that is taken.
const LONGEST: usize = 256;

impl AccountLinker for X {
    fn begin<'a>(&'a self, callback: &'a str, nonce: Nonce<'a>) -> Linking<'a, LinkBegun> {
        Box::pin(async move {
            let extra = [("oauth_callback", callback)];
            let answer = self.ask("/oauth/request_token", None, &extra, nonce.into(), None).await;
            let mut fields = fields(answer)?;
            if fields.get("oauth_callback_confirmed").map(String::as_str) != Some("true") {
                return Err(ChannelError::Garbled("the callback is not confirmed"));
            }
            let request = access(&mut fields)?;
            let mut authorise = self.url("/oauth/authorize");
            authorise.query_pairs_mut().append_pair("oauth_token", &request.token);
            Ok(LinkBegun { request, authorise_url: authorise.into() })
        })
    }

    fn finish<'a>(
        &'a self,
        request: &'a Access,
        verifier: &'a str,
        nonce: Nonce<'a>,
    ) -> Linking<'a, LinkedAccount> {
        Box::pin(async move {
            let token = Some((request.token.as_str(), request.secret.as_str()));
            let extra = [("oauth_verifier", verifier)];
            let answer = self.ask("/oauth/access_token", token, &extra, nonce.into(), None).await;
            let mut fields = fields(answer)?;
            let access = access(&mut fields)?;
            let id = take(&mut fields, "user_id")?;
            let name = take(&mut fields, "screen_name")?;
            if !id.bytes().all(|b| b.is_ascii_digit())
                || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            {
                return Err(ChannelError::Garbled("not an account"));
            }
            Ok(LinkedAccount { id, name, access })
        })
    }
}

impl<'a> From<Nonce<'a>> for Once<'a> {
    fn from(nonce: Nonce<'a>) -> Self {
        Self { nonce: nonce.text, at_ms: nonce.at_ms }
    }
}

/// The fields of an answer, which is a form whatever its type says.
fn fields(exchange: Exchange) -> Result<HashMap<String, String>, ChannelError> {
    let body = match exchange {
        Exchange::Reply { status: 200, body } => body,
        Exchange::Reply { status, .. } => return Err(ChannelError::Refused { status }),
        Exchange::NotSent | Exchange::Lost => return Err(ChannelError::NoAnswer),
    };
    let garbled = ChannelError::Garbled("not a form");
    let text = String::from_utf8(body).map_err(|_| garbled.clone())?;
    // A URL's query is a form.
    let url = Url::parse(&format!("form:?{}", text.trim())).map_err(|_| garbled)?;
    Ok(url.query_pairs().into_owned().collect())
}

fn access(fields: &mut HashMap<String, String>) -> Result<Access, ChannelError> {
    Ok(Access { token: take(fields, "oauth_token")?, secret: take(fields, "oauth_token_secret")? })
}

fn take(fields: &mut HashMap<String, String>, name: &str) -> Result<String, ChannelError> {
    let value = fields.remove(name).unwrap_or_default();
    if value.is_empty() || value.len() > LONGEST {
        return Err(ChannelError::Garbled("a field is missing"));
    }
    Ok(value)
}
