//! The school's logo: what is taken, what is refused, where it is shown.

use domain::people::{Role, Roles};
use http::Request;
use serde_json::json;

use crate::kit::{Answer, House, PUBLIC_URL};
use crate::rights::Browser;
use crate::settings::office;

/// A PNG of 2 by 1 pixels.
const SMALL: &str = "89504e470d0a1a0a0000000d4948445200000002000000010802000000fdd49a73\
    0000000d49444154785e63c00650000000170001d1b4bb3f0000000049454e44ae426082";

async fn upload(house: &House, by: &Browser<'_>, csrf: &str, file: &[u8]) -> Answer {
    let mut body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--x\r\ncontent-disposition: form-data; \
         name=\"file\"; filename=\"logo.png\"\r\ncontent-type: image/png\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = Request::post("/settings/logo")
        .header("cookie", &by.cookie)
        .header("origin", PUBLIC_URL)
        .header("content-type", "multipart/form-data; boundary=x");
    house.send(request.body(body.into()).unwrap()).await
}

fn picture() -> Vec<u8> {
    let mut png = Vec::new();
    image::DynamicImage::new_rgb8(700, 140)
        .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
        .unwrap();
    png
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logo_is_scaled_encoded_anew_and_served_from_an_address_of_its_own() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let done = upload(&house, &by, "csrf", &picture()).await;
    assert_eq!(done.header("location"), "/settings?done=logo", "{done:?}");
    let logo = house.school.settings().get().await.unwrap().logo.unwrap();
    assert_eq!((logo.width, logo.height), (350, 70));
    let path = format!("/logo/{}.png", logo.hash);
    assert!(by.ask("GET", "/settings").await.text.contains(&path));
    let top = format!("<a class=\"school\" href=\"/\"><img src=\"{path}\"");
    assert!(by.ask("GET", "/tools").await.text.contains(&top), "in the bar on top");
    let served = by.ask("GET", &path).await;
    assert_eq!(served.status, 200);
    assert_eq!(
        (served.header("content-type"), served.header("x-content-type-options")),
        ("image/png", "nosniff")
    );
    assert!(served.header("cache-control").contains("immutable"));

    let (other, _) = house.another(2, &[]).await;
    let theirs = Browser::of(&house, &other, 600, Roles::all()).await;
    assert_eq!(theirs.ask("GET", &path).await.status, 404, "another school's");
    assert_eq!(by.post("/settings/logo/remove", "").await.header("location"), "/settings?done=no-logo");
    assert_eq!(by.ask("GET", &path).await.status, 404);
    let log = by.ask("GET", "/audit").await.text;
    assert!(log.contains("logo: a picture was put up") && log.contains("logo: taken away"), "{log}");
    assert!(!log.contains(&logo.hash), "a hash says nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_do_harm_is_refused_in_words() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let mut bomb = hex::decode(SMALL).unwrap();
    // A header that says 40,000 by 40,000 pixels, with its check sum: 6.4 GB if anybody decoded it.
    bomb[16..20].copy_from_slice(&40_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&40_000_u32.to_be_bytes());
    let sum = crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.to_be_bytes());
    for (file, words) in [
        (bomb, "40000 by 40000 pixels"),
        (
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec(),
            "PNG or a JPEG",
        ),
        (b"<?xml version=\"1.0\"?><svg/>".to_vec(), "PNG or a JPEG"),
        (b"GIF89a".to_vec(), "PNG or a JPEG"),
        (Vec::new(), "Choose a picture first"),
        (vec![0xff; 3 * 1024 * 1024], "larger than 2 MB"),
        (picture()[..200].to_vec(), "cannot be read"),
    ] {
        let answer = upload(&house, &by, "csrf", &file).await;
        assert!(answer.status == 422 && answer.text.contains(words), "{words}: {}", answer.status);
    }
    assert_eq!(upload(&house, &by, "wrong", &picture()).await.status, 403, "an old page, or another site's");
    let plain = Browser::of(&house, &house.school, 700, Roles::NONE.with(Role::User)).await;
    assert_eq!(upload(&house, &plain, "csrf", &picture()).await.status, 403);
    assert_eq!(house.school.settings().get().await.unwrap().logo, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logo_token_is_for_the_text_of_an_email() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    house
        .contacts(json!([{"id": "ann", "forename": "Ann", "surname": "Ash", "role": "parent",
                           "mobile": "07700 900123", "email": "ann@example.com"}]))
        .await;
    let ask = async |channel: &str, content: serde_json::Value| {
        let mut body = json!({"purpose": "service", "channels": [channel], "to": {"everyone": true}});
        body[channel] = content;
        house.post("/api/v1/messages/preview", &body).await
    };
    let email = json!({"subject": "S", "text": "$schoollogo$\n\nHello"});
    let without = ask("email", email.clone()).await;
    assert!(without.status == 422 && without.text.contains("no logo yet"), "{without:?}");
    upload(&house, &by, "csrf", &picture()).await;
    let with = ask("email", email).await.json();
    assert_eq!(with["deliveries"][0]["text"], "![Hillview School](cid:schoollogo)\n\nHello");
    let live = "to=everyone&email=yes&email_subject=S&email_text=%24schoollogo%24&purpose=service";
    assert!(
        by.post("/send/live", live).await.text.contains("class=\"logo\" src=\"/logo/"),
        "the preview shows it"
    );
    for (channel, content) in [
        ("sms", json!({"text": "$schoollogo$"})),
        ("email", json!({"subject": "$schoollogo$", "text": "Hello"})),
    ] {
        let refused = ask(channel, content).await;
        assert!(refused.status == 422 && refused.text.contains("e-mail only"), "{refused:?}");
    }
}

/// The check sum of a PNG's chunk.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
    })
}
