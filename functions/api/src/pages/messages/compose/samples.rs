//! Made-up messages on made-up people.

use domain::book::AddressBook;
use domain::channel::Channel;
use domain::contact::{Contact, ContactRole, LabelledNumber, PhoneLabel, Source};
use domain::content::{Contents, EmailContent, SmsContent, VoiceContent};
use domain::ids::ContactId;
use domain::limit::Limit;
use domain::money::Pence;
use domain::phone::{CountryCode, NumberMode};
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{Prices, Settings};

use super::*;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::places::NavItem;
use crate::services::submit::Checked;

pub(crate) fn settings() -> Settings {
    Settings {
        timezone: "Europe/London".into(),
        country: CountryCode::default(),
        sms_sender: "GreenAbbey".into(),
        sms_header: "Green Abbey".into(),
        voice_caller: "+441632960000".into(),
        email_from_name: "Green Abbey School".into(),
        email_reply_to: "office@greenabbey.example".into(),
        routing: Routing::SmsFirst,
        voice_calling: VoiceCalling::FirstOnly,
        prices: Prices {
            sms_unit: Pence::from_hundredths(375),
            voice_minute: Pence::from_hundredths(900),
            email: Pence::default(),
        },
        head_teacher: "Robin Hart".into(),
        address: "1 Abbey Lane, Exampleton".into(),
        phone: "01632 960000".into(),
        ..Settings::new("Green Abbey School")
    }
}

pub(crate) fn sender() -> domain::approval::Sender {
    let rights = Frame::sample(NavItem::SEND).rights;
    domain::approval::Sender { rights, email_confirmed: true, second_factor: false }
}

const FORENAMES: [&str; 12] =
    ["Ada", "Ben", "Cerys", "Dev", "Ewa", "Farah", "Gwen", "Harun", "Isla", "Jonas", "Kezia", "Liam"];
const SURNAMES: [&str; 13] = [
    "Abbot",
    "Barnes",
    "Chowdhury",
    "Davies",
    "Evans",
    "Farouk",
    "Greene",
    "Hughes",
    "Iqbal",
    "Jones",
    "Kowalska",
    "Lewis",
    "Mbeki",
];

/// 352 people in two years; some have only a landline, a few nothing at all.
pub(crate) fn book() -> PageBook {
    let people = (0..352_usize).map(|n| {
        let mobile = format!("07700 900{:03}", n % 1_000);
        let home = format!("020 7946 0{:03}", n % 1_000);
        let numbers = match n % 44 {
            7 => Vec::new(),
            8 => vec![(PhoneLabel::Mobile, "0770 900".to_owned())],
            n if n % 9 == 0 => vec![(PhoneLabel::Home, home)],
            _ => vec![(PhoneLabel::Mobile, mobile), (PhoneLabel::Home, home)],
        };
        Contact {
            title: (n % 3 > 0).then(|| if n % 2 == 0 { "Mrs" } else { "Mr" }.to_owned()),
            forename: FORENAMES[n % FORENAMES.len()].to_owned(),
            surname: SURNAMES[n % SURNAMES.len()].to_owned(),
            numbers: numbers.into_iter().map(|(label, number)| LabelledNumber { label, number }).collect(),
            email: (n % 5 != 2).then(|| format!("family{n}@example.com")),
            groups: vec![
                format!("Year {}", 9 + n / 182),
                format!("{}{}", 9 + n / 182, ["A", "B", "C"][n % 3]),
            ],
            ..Contact::new(
                ContactId::parse(&format!("P{n:04}")).unwrap(),
                if n % 50 == 3 { Source::Hand } else { Source::Upload },
                if n % 20 == 19 { ContactRole::Staff } else { ContactRole::Parent },
            )
        }
    });
    AddressBook::new(2, people.collect(), CountryCode::default(), NumberMode::Simulated).into()
}

pub(crate) fn draft() -> Draft {
    Draft {
        to: vec![Chosen::Group("Year 9".into()), Chosen::Contact(ContactId::parse("P0200").unwrap())],
        texts: Contents {
          sms: Some(SmsContent {
            header: "Green Abbey".into(),
            text: "Dear $title|parent$ $surname$, the Year 9 coach is back at 16:45 today, not 16:15. Please \
                   collect from the front gate."
                .into(),
        }),
        voice: Some(VoiceContent {
            text: "This is Green Abbey School. The Year 9 coach is back at a quarter to five today, not a quarter \
                   past four. Please collect from the front gate."
                .into(),
        }),
        ..Contents::blank()
        },
        on: vec![Channel::Sms, Channel::Voice],
        ..Draft::new(&settings())
    }
}

/// Curly quotes, an e-mail, nobody chosen yet.
fn careless() -> Draft {
    Draft {
        to: Vec::new(),
        texts: Contents {
            sms: Some(SmsContent {
                header: "Green Abbey".into(),
                text: "We’re closed today – please check the “Snow” page…".into(),
            }),
            email: Some(EmailContent { subject: String::new(), text: "School is **closed** today.".into() }),
            ..Contents::blank()
        },
        on: vec![Channel::Sms, Channel::Email],
        ..Draft::new(&settings())
    }
}

fn page(draft: &Draft, find: &str, tell: bool) -> ComposePage {
    let (book, settings) = (book(), settings());
    let message = draft.message(&Limit::default());
    let checked = Checked::new(&book, &message, &settings);
    let check = Check::new(&book, &message, &checked, &settings, 0);
    let check = check.asked_about(&book, &message, &checked.plan, find);
    let problems = if tell { problems(&checked) } else { Vec::new() };
    let parts = Parts {
        book: &book,
        draft,
        key: "sample-key".into(),
        find: find.into(),
        check,
        problems,
        reply_to: settings.email_reply_to.clone(),
        account: Some("GreenAbbeySch".into()),
    };
    ComposePage::new(Frame::sample(NavItem::SEND), parts)
}

impl ComposePage {
    pub(crate) fn sample() -> Self {
        page(&draft(), "", false)
    }

    pub(crate) fn sample_empty() -> Self {
        page(&Draft::new(&settings()), "", false)
    }

    pub(crate) fn sample_with_problems() -> Self {
        page(&careless(), "gree", true)
    }
}

impl LivePart {
    pub(crate) fn sample() -> Self {
        Self { check: page(&draft(), "", false).check }
    }
}

impl FoundPart {
    pub(crate) fn sample() -> Self {
        Self { find: "Year 9".into(), found: find(&book(), "year 9") }
    }
}

impl ConfirmPage {
    pub(crate) fn sample() -> Self {
        let (book, settings, draft) = (book(), settings(), draft());
        let message = draft.message(&Limit::default());
        let checked = Checked::new(&book, &message, &settings);
        let check = Check::new(&book, &message, &checked, &settings, 0);
        let parts = Parts {
            book: &book,
            draft: &draft,
            key: "sample-key".into(),
            find: String::new(),
            check,
            problems: Vec::new(),
            reply_to: settings.email_reply_to.clone(),
            account: Some("GreenAbbeySch".into()),
        };
        let changed =
            "The address book changed while you wrote: 182 people get it now, 181 before.".to_owned();
        Self::new(Frame::sample(NavItem::SEND), parts, Some(changed))
    }
}
