//! The demo school: made up, and the same at every first start. Nobody in it exists.

pub(crate) mod mis;
mod names;
mod people;
mod staff;

use admin::found::{FoundError, create_school};
use domain::email::EmailAddress;
use domain::ids::{SchoolId, UserId};
use domain::money::Pence;
use domain::people::Scope;
use domain::phone::CountryCode;
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{Prices, Settings};
use domain::sync::MisSettings;
use runtime::hash_password;
use store::{Access, Account, ApiToken, Store, StoreError, User};
use ulid::Ulid;

pub use staff::DemoUser;
pub(crate) use staff::listed;

use crate::secrets::Secrets;

/// Who signs in.
pub(crate) const USERNAME: &str = "5976.robin.marlow";

/// How long seeding may hold the address book before a restart takes it over, in milliseconds.
const HOLD_MS: i64 = 30_000;

/// The demo school was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Found(#[from] FoundError),
    #[error("sign-in: {0}")]
    SignIn(String),
}

/// Makes the school if it is not there. The settings are written last, so that a start that was cut short is made
/// good by the next.
pub(crate) async fn ensure(
    store: &Store,
    secrets: &Secrets,
    empty: bool,
    now_ms: i64,
) -> Result<SchoolId, DemoError> {
    let id = SchoolId::new(Ulid::from_parts(1_756_713_600_000, 5_976));
    let school = store.school(Access::of_operator(id));
    match school.settings().get().await {
        Ok(_) if empty || staff::is_whole(store).await? => return Ok(id),
        // A start that was cut short may have left some of them out.
        Ok(_) => {
            staff::add(store, id, &super_user(secrets, now_ms)?, now_ms).await?;
            return Ok(id);
        }
        Err(StoreError::NotFound(_)) => {}
        Err(e) => return Err(e.into()),
    }
    if !empty {
        let bulk = school.book().begin_bulk("demo", HOLD_MS, now_ms).await?;
        bulk.upsert_contacts(people::contacts(), now_ms).await?;
        bulk.end().await?;
    }
    match school
        .api_keys()
        .create(&api_token(secrets)?, "Demo", &Scope::ALL.map(|s| s.code().to_owned()), now_ms)
        .await
    {
        // A start that was cut short may have made it already.
        Ok(_) | Err(StoreError::Conflict) => {}
        Err(e) => return Err(e.into()),
    }
    let user = super_user(secrets, now_ms)?;
    let mis = if empty { MisSettings::default() } else { mis::settings() };
    create_school(store, id, &Settings { mis, ..settings() }, &user, now_ms).await?;
    if !empty {
        staff::add(store, id, &user, now_ms).await?;
    }
    Ok(id)
}

/// The demo key as its holder has it.
pub(crate) fn api_token(secrets: &Secrets) -> Result<ApiToken, DemoError> {
    ApiToken::new(&secrets.api_key_id, &secrets.api_key_secret)
        .ok_or_else(|| DemoError::SignIn("the key in secrets.json is not one".to_owned()))
}

fn super_user(secrets: &Secrets, now_ms: i64) -> Result<User, DemoError> {
    let sign_in = |e: &dyn std::fmt::Display| DemoError::SignIn(e.to_string());
    let mut salt = [0_u8; 16];
    for (byte, value) in salt.iter_mut().zip(secrets.reference_key.bytes()) {
        *byte = value;
    }
    Ok(User {
        id: UserId::new(Ulid::from_parts(1_756_713_600_000, 1)),
        username: USERNAME.to_owned(),
        email: EmailAddress::parse("robin.marlow@greenabbey.example").map_err(|e| sign_in(&e))?,
        forename: "Robin".to_owned(),
        surname: "Marlow".to_owned(),
        password_hash: hash_password(&secrets.password, salt).map_err(|e| sign_in(&e))?,
        created_ms: now_ms,
        account: Account { email_confirmed: true, password_set_ms: now_ms, ..Account::default() },
        schools: Vec::new(),
    })
}

fn settings() -> Settings {
    Settings {
        timezone: "Europe/London".to_owned(),
        country: CountryCode::UK,
        sms_sender: "GreenAbbey".to_owned(),
        sms_header: "GA Sch".to_owned(),
        voice_caller: "+441632960000".to_owned(),
        email_from_name: "Green Abbey School".to_owned(),
        email_reply_to: "office@greenabbey.example".to_owned(),
        routing: Routing::SmsFirst,
        voice_calling: VoiceCalling::FirstOnly,
        prices: Prices {
            sms_unit: Pence::from_hundredths(375),
            voice_minute: Pence::from_hundredths(900),
            email: Pence::default(),
        },
        head_teacher: "Lindsey Oakhurst".to_owned(),
        address: "Abbey Lane, Greenmarsh, GM1 2AB".to_owned(),
        phone: "01632 960000".to_owned(),
        ..Settings::new("Green Abbey School")
    }
}
