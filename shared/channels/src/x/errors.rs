//! What X's refusals mean to a school.

use domain::delivery::Reason;
use serde::Deserialize;

/// X's own errors: problems of its API v2, or the older list of codes. A gateway on the way writes others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Body {
    title: Option<String>,
    detail: Option<String>,
    errors: Vec<Listed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Listed {
    code: Option<u32>,
}

impl Body {
    pub(super) fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// Whether it is X that speaks.
    pub(super) fn is_own(&self) -> bool {
        self.title.is_some() || self.code().is_some()
    }

    pub(super) fn code(&self) -> Option<u32> {
        self.errors.iter().find_map(|listed| listed.code)
    }

    /// The meaning of a refusal with this status, and whether the same post may work later.
    pub(super) fn meaning(&self, status: u16) -> (Reason, bool) {
        let detail = self.detail.as_deref().unwrap_or_default();
        match (status, self.code()) {
            (429 | 503, _) => (Reason::TryLater, true),
            (401, _) | (_, Some(89)) => (Reason::LinkGone, false),
            // X takes no second post of the same words: an earlier one is there.
            (_, Some(187)) => (Reason::AlreadyThere, false),
            (403, _) if detail.to_ascii_lowercase().contains("duplicate content") => {
                (Reason::AlreadyThere, false)
            }
            (408 | 409 | 425, _) => (Reason::TryLater, true),
            _ => (Reason::OurFault, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_mean_what_a_school_can_act_on() {
        let duplicate = r#"{"detail":"You are not allowed to create a Tweet with duplicate content.","type":"about:blank","title":"Forbidden","status":403}"#;
        for (status, body, expected) in [
            (403, duplicate, (Reason::AlreadyThere, false)),
            (
                403,
                r#"{"errors":[{"code":187,"message":"Status is a duplicate."}]}"#,
                (Reason::AlreadyThere, false),
            ),
            (403, r#"{"title":"Forbidden","status":403}"#, (Reason::OurFault, false)),
            (401, "", (Reason::LinkGone, false)),
            (403, r#"{"errors":[{"code":89}]}"#, (Reason::LinkGone, false)),
            (429, "slow down", (Reason::TryLater, true)),
            (503, "", (Reason::TryLater, true)),
            (400, "{}", (Reason::OurFault, false)),
        ] {
            assert_eq!(Body::read(body.as_bytes()).meaning(status), expected, "{status} {body}");
        }
    }
}
