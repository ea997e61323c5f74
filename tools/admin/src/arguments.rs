//! The command line, read into types that hold only what may be written.

use domain::people::Scope;
use std::path::PathBuf;

use domain::email::EmailAddress;
use domain::ids::SchoolId;
use domain::phone::CountryCode;
use domain::username::parse_username;
use lexopt::{Arg, Parser, ValueExt};

/// What `--help` says.
pub const USAGE: &str = "\
messenger-admin, the operator's command line

  messenger-admin create-school
      --name NAME            the school's full name
      --username NAME        its super-user, who signs in with this
      --email ADDRESS        and is written to there
      [--forename NAME] [--surname NAME]
      [--country CODE]       calling code for numbers without one (44)
      [--timezone ZONE]      whose days usage is counted in (Europe/London)
      [--sms-sender SENDER]  3 to 11 letters and digits, +number, or a messaging service MG… (from the name)
      [--voice-caller NUMBER]    +number that calls come from; without one calls are refused
      [--reply-to ADDRESS]   where replies to e-mail go (the address above)
      [--url URL]            where the product is reached, for the link (from PUBLIC_URL)
      [--sign-in WAY]        link: to set a password, sent by e-mail where EMERGENCY_QUEUE_URL names the queue, else
                             printed; or password: a first password is printed, for a script (link)
    prints the school's id and, once, how its super-user gets in

  messenger-admin create-key --school ID --name NAME --scopes SCOPE,SCOPE…
    prints an API key, once; scopes: contacts:write messages:write messages:read
    usage:read sync:run

  messenger-admin reset-second-factor --username NAME
    switches off a user's second step, for who has lost phone and recovery codes; make sure first that it is they
    who ask

  messenger-admin verify-audit --school ID [--anchors FOLDER]
    checks a school's audit log, row by row, against its head and the anchors of its nights, and says what is wrong;
    anchors are in the bucket that AUDIT_BUCKET names, or in the folder (`audit` beside a local database)

The table is the one that TABLE_NAME names, in the account and region of the usual AWS settings; or, with
--database URL, in a DynamoDB on this machine.";

/// What to do, and where.
#[derive(Debug)]
pub struct Arguments {
    /// A database on this machine, in place of AWS.
    pub database: Option<String>,
    /// What to do.
    pub command: Command,
}

/// What to do.
#[derive(Debug)]
pub enum Command {
    /// Makes a school.
    CreateSchool(Box<NewSchool>),
    /// Makes an API key.
    CreateKey(NewKey),
    /// Switches off the second step of the user of this name.
    ResetSecondFactor(String),
    /// Checks an audit log.
    VerifyAudit(ToVerify),
}

/// A school to make.
#[derive(Debug)]
pub struct NewSchool {
    /// Its full name.
    pub name: String,
    /// Calling code for numbers without one.
    pub country: CountryCode,
    /// IANA name of its time zone.
    pub timezone: String,
    /// What phones show as the sender of a text.
    pub sms_sender: String,
    /// Where calls come from, in E.164, or empty.
    pub voice_caller: String,
    /// Where replies to e-mail go.
    pub reply_to: EmailAddress,
    /// What the super-user types to sign in.
    pub username: String,
    /// Where mail to them goes.
    pub email: EmailAddress,
    /// Their given name, or empty.
    pub forename: String,
    /// Their family name, or empty.
    pub surname: String,
    /// How they get in first.
    pub first: FirstSignIn,
    /// Where the product is reached, without a closing slash, if it was said.
    pub url: Option<String>,
}

/// How a new super-user gets in first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstSignIn {
    /// By a link to set a password.
    Link,
    /// With a password that was made for them.
    Password,
}

/// An API key to make.
#[derive(Debug)]
pub struct NewKey {
    /// Whose.
    pub school: SchoolId,
    /// What the school calls it.
    pub name: String,
    /// What it may be used for; never empty.
    pub scopes: Vec<Scope>,
}

/// An audit log to check.
#[derive(Debug)]
pub struct ToVerify {
    /// Whose.
    pub school: SchoolId,
    /// A folder of anchors, in place of the bucket.
    pub anchors: Option<PathBuf>,
}

/// Why a command line cannot be followed; `Display` is for the terminal.
#[derive(Debug, thiserror::Error)]
pub enum ArgumentError {
    /// Not wrong: help was asked for.
    #[error("{USAGE}")]
    Help,
    /// Not an option, or one without its value.
    #[error("{0}")]
    Syntax(#[from] lexopt::Error),
    /// No such command, or none.
    #[error("say what to do: create-school, create-key, reset-second-factor or verify-audit")]
    NoCommand,
    /// An option that the command needs.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A value that cannot be taken.
    #[error("{option}: {why}")]
    Wrong {
        /// The option.
        option: &'static str,
        /// What is wrong, or what it should be.
        why: String,
    },
}

/// Options and their values as they were typed; the last of two wins.
#[derive(Default)]
struct Typed(Vec<(&'static str, String)>);

/// Options of `create-school`, of `create-key`, and of both.
const SCHOOL: [&str; 12] = [
    "--name",
    "--username",
    "--email",
    "--forename",
    "--surname",
    "--country",
    "--timezone",
    "--sms-sender",
    "--voice-caller",
    "--reply-to",
    "--url",
    "--sign-in",
];
const USER: [&str; 1] = ["--username"];
const KEY: [&str; 3] = ["--school", "--name", "--scopes"];
const AUDIT: [&str; 2] = ["--school", "--anchors"];
const DATABASE: &str = "--database";

/// Reads the arguments, without the program's name.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Arguments, ArgumentError> {
    let mut parser = Parser::from_args(arguments);
    let known: &[&'static str] = match parser.next()? {
        Some(Arg::Value(word)) if word == "create-school" => &SCHOOL,
        Some(Arg::Value(word)) if word == "create-key" => &KEY,
        Some(Arg::Value(word)) if word == "reset-second-factor" => &USER,
        Some(Arg::Value(word)) if word == "verify-audit" => &AUDIT,
        Some(Arg::Long("help") | Arg::Short('h')) => return Err(ArgumentError::Help),
        _ => return Err(ArgumentError::NoCommand),
    };
    let mut typed = Typed::default();
    while let Some(argument) = parser.next()? {
        let option = match &argument {
            Arg::Long("help") | Arg::Short('h') => return Err(ArgumentError::Help),
            Arg::Long(name) => known.iter().chain([&DATABASE]).find(|o| o.strip_prefix("--") == Some(name)),
            _ => None,
        };
        let Some(&option) = option else { return Err(argument.unexpected().into()) };
        typed.0.push((option, parser.value()?.string()?));
    }
    let database = typed.take(DATABASE);
    let command = if known == SCHOOL {
        Command::CreateSchool(Box::new(new_school(&typed)?))
    } else if known == USER {
        Command::ResetSecondFactor(typed.needed("--username")?)
    } else if known == AUDIT {
        Command::VerifyAudit(ToVerify {
            school: typed.read("--school", str::parse)?.ok_or(ArgumentError::Missing("--school"))?,
            anchors: typed.take("--anchors").map(PathBuf::from),
        })
    } else {
        Command::CreateKey(new_key(&typed)?)
    };
    Ok(Arguments { database, command })
}

impl Typed {
    fn take(&self, option: &'static str) -> Option<String> {
        let found = self.0.iter().rev().find(|(name, _)| *name == option);
        found.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn needed(&self, option: &'static str) -> Result<String, ArgumentError> {
        self.take(option).ok_or(ArgumentError::Missing(option))
    }

    fn read<T, E: ToString>(
        &self,
        option: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ArgumentError> {
        let value = self.take(option).map(|text| read(&text)).transpose();
        value.map_err(|e| ArgumentError::Wrong { option, why: e.to_string() })
    }
}

fn new_school(typed: &Typed) -> Result<NewSchool, ArgumentError> {
    let name = typed.needed("--name")?;
    let email = typed.read("--email", EmailAddress::parse)?.ok_or(ArgumentError::Missing("--email"))?;
    let sms_sender = match typed.read("--sms-sender", sender)? {
        Some(sender) => sender,
        None => sender(&sender_from(&name)).map_err(|_| ArgumentError::Missing("--sms-sender"))?,
    };
    Ok(NewSchool {
        country: typed.read("--country", str::parse)?.unwrap_or_default(),
        timezone: typed.read("--timezone", timezone)?.unwrap_or_else(|| "Europe/London".to_owned()),
        sms_sender,
        voice_caller: typed.read("--voice-caller", number)?.unwrap_or_default(),
        reply_to: typed.read("--reply-to", EmailAddress::parse)?.unwrap_or_else(|| email.clone()),
        username: typed.read("--username", parse_username)?.ok_or(ArgumentError::Missing("--username"))?,
        forename: typed.take("--forename").unwrap_or_default(),
        surname: typed.take("--surname").unwrap_or_default(),
        first: typed.read("--sign-in", first_sign_in)?.unwrap_or(FirstSignIn::Link),
        url: typed.read("--url", url)?,
        name,
        email,
    })
}

fn new_key(typed: &Typed) -> Result<NewKey, ArgumentError> {
    Ok(NewKey {
        school: typed.read("--school", str::parse)?.ok_or(ArgumentError::Missing("--school"))?,
        name: typed.needed("--name")?,
        scopes: typed.read("--scopes", scopes)?.ok_or(ArgumentError::Missing("--scopes"))?,
    })
}

fn first_sign_in(text: &str) -> Result<FirstSignIn, &'static str> {
    match text {
        "link" => Ok(FirstSignIn::Link),
        "password" => Ok(FirstSignIn::Password),
        _ => Err("write link or password"),
    }
}

fn url(text: &str) -> Result<String, &'static str> {
    let text = text.trim_end_matches('/');
    if text.starts_with("https://") || text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err("write where the product is reached, such as https://messenger.example.com")
    }
}

fn timezone(text: &str) -> Result<String, &'static str> {
    jiff::tz::TimeZone::get(text).map_err(|_| "not a time zone, such as Europe/London")?;
    Ok(text.to_owned())
}

/// A number in E.164.
fn number(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if fits {
        Ok(text.to_owned())
    } else {
        Err("write a number with + and its calling code, such as +441632960000")
    }
}

/// What Twilio takes as the sender of a text.
fn sender(text: &str) -> Result<String, &'static str> {
    let named = (3..=11).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ')
        && text.bytes().any(|b| b.is_ascii_alphabetic());
    let pool =
        text.strip_prefix("MG").is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    if named || pool || number(text).is_ok() {
        Ok(text.to_owned())
    } else {
        Err("write 3 to 11 letters and digits, a number with +, or the id of a messaging service")
    }
}

fn sender_from(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).take(11).collect()
}

fn scopes(text: &str) -> Result<Vec<Scope>, String> {
    let scope = |word: &str| {
        let found = Scope::ALL.into_iter().find(|scope| scope.code() == word.trim());
        found.ok_or_else(|| format!("there is no scope {}", word.trim()))
    };
    text.split(',').map(scope).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Arguments, ArgumentError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_school_needs_a_name_and_somebody_who_signs_in_and_the_rest_is_filled_in() {
        let told = of("create-school --name Hill=Park --username pat --email pat@hill.example").unwrap();
        let Command::CreateSchool(school) = told.command else { panic!("not a school") };
        assert_eq!((school.country, school.timezone.as_str()), (CountryCode::UK, "Europe/London"));
        assert_eq!((school.sms_sender.as_str(), school.voice_caller.as_str()), ("HillPark", ""));
        assert_eq!((school.reply_to, told.database), (school.email, None));
    }

    #[test]
    fn a_key_is_for_known_scopes_of_one_school() {
        let line =
            "create-key --database http://127.0.0.1:8000 --school 01ARZ3NDEKTSV4RRFFQ69G5FAV --name MIS";
        let told = of(&format!("{line} --scopes usage:read,messages:read")).unwrap();
        let Command::CreateKey(key) = told.command else { panic!("not a key") };
        assert_eq!(key.scopes, [Scope::UsageRead, Scope::MessagesRead]);
        assert_eq!(told.database.as_deref(), Some("http://127.0.0.1:8000"));
    }

    #[test]
    fn what_is_wrong_or_missing_is_named() {
        let school = "create-school --name Hill --username pat --email pat@hill.example";
        let key = "create-key --name x";
        for (line, named) in [
            ("", "create-school"),
            ("make-school", "create-school"),
            ("create-school --username pat", "--name"),
            ("create-school --name Hill", "--email"),
            ("create-school --name Hill --email pat@hill.example", "--username"),
            ("create-school --name É --username pat --email pat@hill.example", "--sms-sender"),
            (&format!("{school} --email nobody"), "--email"),
            (&format!("{school} --username pat/marlow"), "--username"),
            (&format!("{school} --country 999"), "--country"),
            (&format!("{school} --timezone Europe/Nowhere"), "--timezone"),
            (&format!("{school} --sms-sender ab"), "--sms-sender"),
            (&format!("{school} --sms-sender 12345"), "--sms-sender"),
            (&format!("{school} --voice-caller 01632960000"), "--voice-caller"),
            (&format!("{school} --scopes usage:read"), "--scopes"),
            (&format!("{school} --sign-in magic"), "--sign-in"),
            (&format!("{school} --url messenger"), "--url"),
            (&format!("{school} --timezone"), "--timezone"),
            ("reset-second-factor", "--username"),
            ("reset-second-factor --email pat@hill.example", "--email"),
            (&format!("{key} --scopes usage:read"), "--school"),
            (&format!("{key} --school 01arz3ndektsv4rrffq69g5fav --scopes usage:read"), "--school"),
            (&format!("{key} --school 01ARZ3NDEKTSV4RRFFQ69G5FAV --scopes usage:read,all"), "all"),
            (&format!("{key} --school 01ARZ3NDEKTSV4RRFFQ69G5FAV"), "--scopes"),
        ] {
            let told = of(line).unwrap_err().to_string();
            assert!(told.contains(named), "{line}: {told}");
        }
        for scope in Scope::ALL {
            assert!(USAGE.contains(scope.code()), "{}", scope.code());
        }
        assert!(matches!(of("create-school --help"), Err(ArgumentError::Help)));
    }
}
