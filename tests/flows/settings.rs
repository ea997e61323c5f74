//! What the account settings change in what leaves the product: the providers' own record is the witness.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::product::{InProcess, http};

/// A PNG of one red pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/// The super-user's browser.
pub(crate) struct Office {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    cookie: String,
}

pub(crate) fn between<'t>(text: &'t str, after: &str, until: &str) -> &'t str {
    let (_, rest) = text.split_once(after).unwrap_or_else(|| panic!("no {after}: {text}"));
    rest.split(until).next().unwrap()
}

impl Office {
    async fn of(town: &InProcess) -> Self {
        let access = town.system.access();
        Self::at(&access.url, &access.username, &access.password).await
    }

    pub(crate) async fn at(url: &str, username: &str, password: &str) -> Self {
        let (http, url) = (http(), url.to_owned());
        let form = [("username", username), ("password", password)];
        let entered = http.post(format!("{url}/sign-in")).form(&form).send().await.unwrap();
        assert!(entered.status().is_redirection(), "{}", entered.status());
        let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { http, url, cookie }
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        let sent = self.http.get(format!("{}{path}", self.url)).header("cookie", &self.cookie).send().await;
        sent.unwrap().text().await.unwrap()
    }

    /// Posts a form with the token of the page at `from`; where the answer leads, and the answer.
    pub(crate) async fn post(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> (String, String) {
        let page = self.page(from).await;
        let csrf = between(&page, "name=\"csrf\" value=\"", "\"");
        let fields: Vec<_> = [("csrf", csrf)].into_iter().chain(fields.iter().copied()).collect();
        let post = self.http.post(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        let answer = post.form(&fields).send().await.unwrap();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (to.unwrap_or_default(), answer.text().await.unwrap())
    }

    /// Changes rows of a group as a person does: opens the page, saves, and confirms where that is asked.
    async fn change(&self, group: &str, rows: &[(&str, &str)]) {
        let page = self.page("/settings").await;
        let form = between(&page, &format!("action=\"/settings/{group}\""), "</form>");
        let csrf = between(form, "name=\"csrf\" value=\"", "\"").to_owned();
        let seen = between(form, "name=\"seen\" value=\"", "\"").to_owned();
        let mut fields = vec![("csrf", csrf), ("seen", seen)];
        fields.extend(rows.iter().map(|(name, value)| (*name, (*value).to_owned())));
        for _ in 0..2 {
            let post =
                self.http.post(format!("{}/settings/{group}", self.url)).header("cookie", &self.cookie);
            let answer = post.form(&fields).send().await.unwrap();
            if answer.status().is_redirection() {
                assert_eq!(answer.headers()["location"], "/settings?done=saved");
                return;
            }
            let page = answer.text().await.unwrap();
            fields.push(("confirmed", between(&page, "name=\"confirmed\" value=\"", "\"").to_owned()));
        }
        panic!("{group} was not saved");
    }

    async fn upload_logo(&self) {
        let page = self.page("/settings").await;
        let csrf = between(&page, "name=\"csrf\" value=\"", "\"");
        let mut body = format!(
            "--x\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--x\r\ncontent-disposition: \
             form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n"
        )
        .into_bytes();
        body.extend(STANDARD.decode(PIXEL).unwrap());
        body.extend(b"\r\n--x--\r\n");
        let post = self.http.post(format!("{}/settings/logo", self.url)).header("cookie", &self.cookie);
        let kind = "multipart/form-data; boundary=x";
        let answer = post.header("content-type", kind).body(body).send().await.unwrap();
        assert_eq!(answer.headers()["location"], "/settings?done=logo");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_name_who_a_text_a_call_and_an_email_come_from() {
    let town = InProcess::start(1).await;
    let (partner, office) = (&town.partner, Office::of(&town).await);
    office.change("texts", &[("sms_sender", "NewName"), ("sms_header", "Hill")]).await;
    office
        .change("email", &[("email_from_name", "The Office"), ("email_reply_to", "new@school.example")])
        .await;
    office.change("voice", &[("voice_caller", "01632 960777"), ("routing", "both")]).await;
    office.upload_logo().await;

    let message = serde_json::json!({
        "purpose": "service", "channels": ["sms", "voice", "email"], "to": {"everyone": true},
        "sms": {"text": "Hello"}, "voice": {"text": "Hello"},
        "email": {"subject": "Hello", "text": "$schoollogo$\n\nHello"},
    });
    let (status, sent) = partner.post("/api/v1/messages", &message).await;
    assert_eq!(status, 202, "{sent}");
    partner.until_settled(sent["id"].as_str().unwrap()).await;

    let texts = partner.seen("sms").await;
    let text = |record: &Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_eq!((text(&texts[0], "from"), text(&texts[0], "body")), ("NewName".into(), "Hill: Hello".into()));

    let calls = partner.seen("call").await;
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls.iter().all(|call| text(call, "from") == "+441632960777"), "{calls:?}");

    let mails = partner.seen("email").await;
    assert!(text(&mails[0], "html").contains("src=\"cid:schoollogo\""), "{mails:?}");
    assert_eq!(mails[0]["attachments"][0]["type"], "image/png");
    let whole = format!("{}/outbox/mail/{}", partner.simulators, text(&mails[0], "sid"));
    let whole = office.http.get(whole).send().await.unwrap().text().await.unwrap();
    assert!(whole.contains("The Office") && whole.contains("new@school.example"), "{whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_for_what_is_written_after_it() {
    let town = InProcess::start(1).await;
    let (partner, office) = (&town.partner, Office::of(&town).await);
    let first = partner.send(&["sms"], "service").await;
    office.change("texts", &[("sms_sender", "NewName")]).await;
    let second = partner.send(&["sms"], "service").await;
    for id in [&first, &second] {
        partner.until_settled(id).await;
    }
    let mut from: Vec<String> =
        partner.seen("sms").await.iter().map(|t| t["from"].as_str().unwrap().to_owned()).collect();
    from.sort();
    assert_eq!(from, ["GreenAbbey", "NewName"]);
}
