//! An X in the place of the real one.

use std::sync::Mutex;

use channels::port::{Access, AccountLinker, ChannelError, LinkBegun, LinkedAccount, Linking, Nonce};

/// An X that allows whatever comes back with the verifier `right`.
#[derive(Debug, Default)]
pub struct FakeX {
    begun: Mutex<u32>,
}

impl AccountLinker for FakeX {
    fn begin<'a>(&'a self, callback: &'a str, _: Nonce<'a>) -> Linking<'a, LinkBegun> {
        Box::pin(async move {
            let number = {
                let mut begun = self.begun.lock().unwrap();
                *begun += 1;
                *begun
            };
            let request = Access { token: format!("req{number}"), secret: "request-secret".to_owned() };
            // The state, to be found in the page by the test.
            let state = callback.split_once("state=").unwrap().1;
            Ok(LinkBegun { request, authorise_url: format!("https://x.example/allow?req{number}.{state}.") })
        })
    }

    fn finish<'a>(
        &'a self,
        request: &'a Access,
        verifier: &'a str,
        _: Nonce<'a>,
    ) -> Linking<'a, LinkedAccount> {
        Box::pin(async move {
            if verifier != "right" || request.secret != "request-secret" {
                return Err(ChannelError::Refused { status: 401 });
            }
            let access = Access { token: "15-lasting".to_owned(), secret: "access-secret".to_owned() };
            Ok(LinkedAccount { id: "15".to_owned(), name: "HillviewSch".to_owned(), access })
        })
    }
}
