//! Members of staff with a browser each.

use axum::body::Body;
use domain::email::EmailAddress;
use domain::ids::UserId;
use domain::people::Roles;
use http::Request;
use store::{Account, Lifetime, School, User};
use ulid::Ulid;

use crate::kit::{Answer, House, NOON, PUBLIC_URL};

/// Somebody who is signed in.
pub(crate) struct Staff<'h> {
    house: &'h House,
    pub(crate) id: UserId,
    cookie: String,
}

impl<'h> Staff<'h> {
    /// Somebody with these roles, whose e-mail address is confirmed or not.
    pub(crate) async fn with(house: &'h House, number: u128, roles: &[&str], confirmed: bool) -> Self {
        Self::of(house, &house.school, number, roles, confirmed).await
    }

    pub(crate) async fn of(
        house: &'h House,
        school: &School,
        number: u128,
        roles: &[&str],
        confirmed: bool,
    ) -> Self {
        let id = UserId::new(Ulid::from_parts(7, number));
        let account = Account { email_confirmed: confirmed, ..Account::default() };
        let user = User {
            id,
            username: format!("staff{number}"),
            email: EmailAddress::parse(&format!("staff{number}@hillview.example")).unwrap(),
            forename: "Staff".to_owned(),
            surname: format!("Number{number}"),
            password_hash: String::new(),
            created_ms: NOON,
            account,
            schools: Vec::new(),
        };
        house.store.create_user(&user).await.unwrap();
        school.members().add(id, Roles::of_codes(roles.iter().copied())).await.unwrap();
        let member = school.members().get(id).await.unwrap().unwrap();
        let lifetime = Lifetime { idle_ms: 8 * 3_600_000, longest_ms: 24 * 3_600_000 };
        let token = format!("staff-token-{number}");
        house.store.create_session(&token, &member, "csrf", lifetime, NOON).await.unwrap();
        let set = api::auth::session_cookie(&house.state, &token).unwrap();
        let cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { house, id, cookie }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("cookie", &self.cookie);
        self.house.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("csrf", "csrf");
        body.extend_pairs(fields);
        let request = Request::post(path)
            .header("cookie", &self.cookie)
            .header("origin", PUBLIC_URL)
            .header("content-type", "application/x-www-form-urlencoded");
        self.house.send(request.body(Body::from(body.finish())).unwrap()).await
    }
}

/// The value of a hidden field of a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let at = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&at).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    rest.split('"').next().unwrap().to_owned()
}
