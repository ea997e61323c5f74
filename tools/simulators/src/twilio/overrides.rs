//! What a callback's URL asks of Twilio in its fragment: *connection overrides*, such as `#rc=3&rp=5xx,ct,rt`.

/// When and how often Twilio posts a callback again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retries {
    /// At most so many times.
    pub(crate) most: u32,
    client_errors: bool,
    server_errors: bool,
    no_answer: bool,
}

impl Retries {
    /// As the URL asks; else once, where Twilio could not connect.
    pub(crate) fn of(url: &str) -> Self {
        let mut retries = Self { most: 1, client_errors: false, server_errors: false, no_answer: true };
        let fragment = url.split_once('#').map_or("", |(_, fragment)| fragment);
        for (name, value) in fragment.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "rc" => retries.most = value.parse().unwrap_or(1).min(5),
                "rp" => {
                    let asks = |what: &str| value.split(',').any(|word| word == what || word == "all");
                    retries.client_errors = asks("4xx");
                    retries.server_errors = asks("5xx");
                    // What is not answered here is a refused connection more often than a slow answer.
                    retries.no_answer = asks("ct") || asks("rt");
                }
                _ => {}
            }
        }
        retries
    }

    /// Whether it tries again after this answer, or none.
    pub(crate) fn after(self, status: Option<http::StatusCode>) -> bool {
        match status {
            None => self.no_answer,
            Some(status) if status.is_client_error() => self.client_errors,
            Some(status) => status.is_server_error() && self.server_errors,
        }
    }
}

/// The URL that is requested and signed: a request has no fragment.
pub(crate) fn without(url: &str) -> &str {
    url.split_once('#').map_or(url, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn twilio_tries_again_only_as_it_is_asked() {
        let (bad, broken) = (Some(StatusCode::BAD_REQUEST), Some(StatusCode::INTERNAL_SERVER_ERROR));
        for (url, most, after_bad, after_broken, after_none) in [
            ("http://s.example/x", 1, false, false, true),
            ("http://s.example/x?rp=all", 1, false, false, true),
            ("http://s.example/x#rc=5&rp=5xx,ct,rt", 5, false, true, true),
            ("http://s.example/x#rc=99&rp=all", 5, true, true, true),
            ("http://s.example/x#rp=4xx", 1, true, false, false),
            ("http://s.example/x#rc=0", 0, false, false, true),
        ] {
            let retries = Retries::of(url);
            let tried = [bad, broken, None].map(|status| retries.after(status));
            assert_eq!((retries.most, tried), (most, [after_bad, after_broken, after_none]), "{url}");
            assert!(!without(url).contains('#'));
        }
    }
}
