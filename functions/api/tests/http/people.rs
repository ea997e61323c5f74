//! Members of staff with a browser each.

use axum::body::Body;
use domain::ids::UserId;
use domain::people::Roles;
use http::Request;
use store::{Account, Lifetime, School, User};
use ulid::Ulid;

use crate::kit::{Answer, House, PUBLIC_URL};

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
        let name = format!("staff{number}");
        let user = User {
            id,
            forename: "Staff".to_owned(),
            surname: format!("Number{number}"),
            account,
            ..testkit::user(number, &name, &format!("{name}@hillview.example"))
        };
        let lifetime = Lifetime { idle_ms: 8 * 3_600_000, longest_ms: 24 * 3_600_000 };
        let roles = Roles::of_codes(roles.iter().copied());
        let cookie = house.cookie_of(school, &user, roles, &format!("staff-token-{number}"), lifetime).await;
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
