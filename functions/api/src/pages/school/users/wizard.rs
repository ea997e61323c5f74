//! Adding a user, in steps that the form carries along: nothing is kept until the last button, which does all at once.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::email::EmailAddress;
use domain::people::{Profile, Role, Roles, Standing, establishment};
use domain::username::parse_username;
use store::User;

use super::member;
use super::roles::{RoleBox, boxes, ticked, titles};
use crate::auth::{Posted, SignedIn};
use crate::error::Result;
use crate::forms::FormFields;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::done::Done;
use crate::pages::kit::form::{Choice, Field, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::services::users::{Added, NewUser, create, link, manager, profiles, suggest};
use crate::state::ApiState;

/// Longest forename or surname, in characters.
const MAX_NAME: usize = 100;
/// The profile that is filled in to begin with.
const FIRST_PROFILE: &str = "Minimum user";

#[derive(Template)]
#[template(path = "user_new.html")]
pub(crate) struct AddUserPage {
    frame: Frame,
    problems: Vec<Problem>,
    steps: Vec<Step>,
    title: &'static str,
    lead: String,
    fields: Vec<Field>,
    /// What earlier steps found out.
    hidden: Vec<(&'static str, String)>,
    /// Profiles to fill in the roles from; empty before the last step.
    profiles: Vec<Choice>,
    roles: Vec<RoleBox>,
    /// What the chosen profile would give but whoever adds cannot; empty for nothing.
    left_out: String,
    button: &'static str,
    action: &'static str,
}

struct Step {
    words: &'static str,
    class: &'static str,
}

/// The form as it was filled in.
#[derive(Clone, Default)]
struct Typed {
    email: String,
    forename: String,
    surname: String,
    username: String,
    profile: String,
    roles: Roles,
}

impl Typed {
    fn read(form: &FormFields) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            email: text("email"),
            forename: text("forename"),
            surname: text("surname"),
            username: text("username"),
            profile: text("profile"),
            roles: ticked(form),
        }
    }

    fn address(&self) -> std::result::Result<EmailAddress, Problem> {
        EmailAddress::parse(&self.email).map_err(|error| Problem::new("email", error.to_string()))
    }

    /// What is wrong with the name.
    fn name_problems(&self) -> Vec<Problem> {
        let wrong = |text: &str| {
            text.is_empty() || text.chars().count() > MAX_NAME || text.chars().any(char::is_control)
        };
        let problem =
            |field, what| Problem::new(field, format!("Write their {what}, in up to {MAX_NAME} characters."));
        let forename = wrong(&self.forename).then(|| problem("forename", "forename"));
        forename.into_iter().chain(wrong(&self.surname).then(|| problem("surname", "surname"))).collect()
    }
}

pub(super) async fn begin(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    manager(&by)?;
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    html(&AddUserPage::asking_email(context.frame, &Typed::default(), Vec::new()))
}

/// A button of a step was pressed. Each reads the whole form anew.
pub(super) async fn press(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    manager(&by)?;
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    let (mut typed, step) = (Typed::read(&form), form.text("do"));
    let email = match typed.address() {
        Ok(email) => email,
        Err(problem) => return invalid(&AddUserPage::asking_email(context.frame, &typed, vec![problem])),
    };
    let found = state.store().user_by_email(&email).await?;
    if let Some(user) = &found
        && step != "add"
        && let Some(done) = already_here(&by, user).await?
    {
        return Ok(done.at(&format!("/users/{}", user.id)));
    }
    if found.is_none() {
        let problems = if step == "find" { Vec::new() } else { typed.name_problems() };
        match (step, problems.is_empty()) {
            ("find", _) => return html(&AddUserPage::asking_name(context.frame, &typed, problems)),
            (_, false) => return invalid(&AddUserPage::asking_name(context.frame, &typed, problems)),
            (_, true) => {}
        }
        if typed.username.is_empty() {
            let code = establishment(&by.person.username, &context.settings.name);
            typed.username = suggest(&state, &code, &typed.forename, &typed.surname).await?;
        }
    }
    let offered = Offered { profiles: profiles(&by).await?, held: by.membership.roles() };
    if step != "add" {
        if step != "profile" {
            FIRST_PROFILE.clone_into(&mut typed.profile);
        }
        typed.roles = offered.roles_of(&typed.profile);
        let page = AddUserPage::asking_roles(context.frame, &typed, found.as_ref(), &offered, Vec::new());
        return html(&page);
    }
    let problem = match add(&state, &by, &typed, email, found.as_ref()).await? {
        Ok(response) => return Ok(response),
        Err(problem) => problem,
    };
    invalid(&if problem.field == "email" {
        AddUserPage::asking_email(context.frame, &typed, vec![problem])
    } else {
        AddUserPage::asking_roles(context.frame, &typed, found.as_ref(), &offered, vec![problem])
    })
}

/// What to say of somebody who is a member of the school already; `None` for anybody else.
async fn already_here(by: &SignedIn, user: &User) -> Result<Option<Done>> {
    let standing = by.school.members().get(user.id).await?.map(|member| member.standing());
    Ok(match standing {
        Some(Standing::Enabled) => Some(member::MEMBER),
        Some(Standing::Disabled) => Some(member::AWAY),
        Some(Standing::Deleted) | None => None,
    })
}

/// Makes the user, or links one who is known at another school; or says what is wrong.
async fn add(
    state: &ApiState,
    by: &SignedIn,
    typed: &Typed,
    email: EmailAddress,
    found: Option<&User>,
) -> Result<std::result::Result<Response, Problem>> {
    let roles = typed.roles;
    if !roles.has(Role::User) {
        return Ok(Err(Problem::new("role-user", "Tick “Sign in”: without it no other role works.")));
    }
    let added = match (found, parse_username(&typed.username)) {
        // Whoever made the user a moment ago with the same form pressed twice.
        (Some(user), username) if username.as_deref() == Ok(&*user.username) => {
            create(state, by, typed.new_user(email, user.username.clone()), roles).await?
        }
        (Some(user), _) => link(state, by, user.id, roles).await?,
        (None, Ok(username)) => create(state, by, typed.new_user(email, username), roles).await?,
        (None, Err(error)) => return Ok(Err(Problem::new("username", error.to_string()))),
    };
    Ok(match added {
        Added::Done { user, mailed } => {
            let done = match (mailed, found.is_some()) {
                (false, _) => member::UNMAILED,
                (true, true) if typed.username.is_empty() => member::LINKED,
                (true, _) => member::ADDED,
            };
            Ok(done.at(&format!("/users/{user}")))
        }
        Added::UsernameTaken => {
            let words = "Somebody has this username, or one that looks like it. Choose another.";
            Err(Problem::new("username", words))
        }
        Added::EmailKnown => {
            let words = "Somebody was added with this e-mail address in the meantime. Search for it again.";
            Err(Problem::new("email", words))
        }
    })
}

impl Typed {
    fn new_user(&self, email: EmailAddress, username: String) -> NewUser {
        NewUser { username, email, forename: self.forename.clone(), surname: self.surname.clone() }
    }
}

/// What may be given.
struct Offered {
    profiles: Vec<Profile>,
    /// The roles of whoever gives them.
    held: Roles,
}

impl Offered {
    fn named(&self, profile: &str) -> Roles {
        self.profiles.iter().find(|p| p.name == profile).map_or(Roles::NONE, |p| p.roles)
    }

    /// The profile's roles, as far as they may be given.
    fn roles_of(&self, profile: &str) -> Roles {
        self.named(profile).and(self.held)
    }
}

/// As much of a user of another school as tells whether it is the right one.
fn who(user: &User) -> String {
    let initial = user.surname.chars().next().map_or_else(String::new, |letter| format!(" {letter}."));
    format!("{}{initial}", user.forename).trim().to_owned()
}

impl AddUserPage {
    fn step(frame: Frame, now: usize, title: &'static str, problems: Vec<Problem>) -> Self {
        let class = |at: usize| if at < now { "past" } else { ["now", ""][usize::from(at > now)] };
        let steps = ["E-mail", "Name", "Roles"].into_iter().enumerate();
        Self {
            frame,
            problems,
            steps: steps.map(|(at, words)| Step { words, class: class(at) }).collect(),
            title,
            lead: String::new(),
            fields: Vec::new(),
            hidden: Vec::new(),
            profiles: Vec::new(),
            roles: Vec::new(),
            left_out: String::new(),
            button: "Go on",
            action: "find",
        }
    }

    fn asking_email(frame: Frame, typed: &Typed, problems: Vec<Problem>) -> Self {
        let email = Field::new("email", "Their e-mail address", typed.email.clone())
            .kind("email")
            .hint(
                "Anyone who is known already, here or at another school, keeps their username and password.",
            )
            .checked(&problems);
        Self { fields: vec![email], ..Self::step(frame, 0, "Add a user", problems) }
    }

    fn asking_name(frame: Frame, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = vec![
            Field::new("forename", "Forename", typed.forename.clone()).checked(&problems),
            Field::new("surname", "Surname", typed.surname.clone()).checked(&problems),
        ];
        let hidden = vec![("email", typed.email.clone())];
        let page = Self::step(frame, 1, "Who is it?", problems);
        let lead = format!("Nobody is known by {} yet, so a new user is made.", typed.email);
        Self { fields, hidden, lead, action: "name", ..page }
    }

    fn asking_roles(
        frame: Frame,
        typed: &Typed,
        found: Option<&User>,
        offered: &Offered,
        problems: Vec<Problem>,
    ) -> Self {
        let page = Self::step(frame, 2, "What may they do?", Vec::new());
        let mut hidden = vec![("email", typed.email.clone())];
        let (lead, fields, button) = if let Some(user) = found {
            let lead = format!(
                "{} is known already, by the username {}. They keep it and their password, and can sign in here as \
                 soon as you link them.",
                who(user),
                user.username
            );
            (lead, Vec::new(), "Link this user")
        } else {
            hidden.extend([("forename", typed.forename.clone()), ("surname", typed.surname.clone())]);
            let username = Field::new("username", "Username", typed.username.clone())
                .hint("What they sign in with. It cannot be changed later.")
                .checked(&problems);
            let lead = format!(
                "{} {} gets an e-mail at {} with this username and a link to set a password.",
                typed.forename, typed.surname, typed.email
            );
            (lead, vec![username], "Add this user")
        };
        let missing = offered.named(&typed.profile).without_all(offered.held);
        let choice = |profile: &Profile| {
            Choice::new(profile.name.clone(), profile.name.clone(), profile.name == typed.profile)
        };
        Self {
            lead,
            fields,
            hidden,
            button,
            problems,
            profiles: offered.profiles.iter().map(choice).collect(),
            roles: boxes(typed.roles, offered.held, page.frame.payments),
            left_out: titles(missing),
            action: "add",
            ..page
        }
    }
}

#[cfg(test)]
impl AddUserPage {
    fn typed() -> Typed {
        Typed {
            email: "joe.bloggs@greenabbey.example".into(),
            forename: "Joe".into(),
            surname: "Bloggs".into(),
            username: "5976.joe.bloggs".into(),
            profile: "Super-user".into(),
            roles: Roles::of_codes(["user", "composeMessage"]),
        }
    }

    pub(crate) fn sample() -> Self {
        Self::asking_email(Frame::sample(NavItem::USERS), &Typed::default(), Vec::new())
    }

    pub(crate) fn sample_name() -> Self {
        let typed = Typed { surname: String::new(), ..Self::typed() };
        Self::asking_name(Frame::sample(NavItem::USERS), &typed, typed.name_problems())
    }

    pub(crate) fn sample_roles() -> Self {
        let held = Roles::of_codes(["user", "manageUser", "composeMessage"]);
        let offered = Offered { profiles: Profile::built_in(), held };
        let problems = vec![Problem::new("username", "Somebody has this username. Choose another.")];
        Self::asking_roles(Frame::sample(NavItem::USERS), &Self::typed(), None, &offered, problems)
    }
}
