//! Writing messages, authorising them, and what became of them.

pub(crate) mod absence;
pub(crate) mod authorise;
pub(crate) mod compose;
pub(crate) mod deliveries;
pub(crate) mod history;
pub(crate) mod message;

use axum::Router;

use crate::state::ApiState;

/// Routes of these pages.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .merge(absence::routes())
        .merge(authorise::routes())
        .merge(compose::routes())
        .merge(deliveries::routes())
        .merge(history::routes())
        .merge(message::routes())
}

/// Each of these pages as it can look, rendered.
#[cfg(test)]
pub(crate) fn samples() -> crate::pages::tests::Samples {
    use self::absence::AbsencePage;
    use self::authorise::{EditPage, OnePage, QueuePage};
    use self::compose::{ComposePage, ConfirmPage, PinPage};
    use self::deliveries::DeliveriesPage;
    use self::history::HistoryPage;
    use self::message::MessagePage;
    use crate::pages::tests::page;

    vec![
        page("absence", &AbsencePage::sample()),
        page("absence-stale", &AbsencePage::sample_stale()),
        page("absence-empty", &AbsencePage::sample_empty()),
        page("send", &ComposePage::sample()),
        page("send-empty", &ComposePage::sample_empty()),
        page("send-problems", &ComposePage::sample_with_problems()),
        page("confirm", &ConfirmPage::sample()),
        page("pin", &PinPage::sample()),
        page("pin-wrong", &PinPage::sample_wrong()),
        page("pin-over", &PinPage::sample_over()),
        page("authorise", &QueuePage::sample()),
        page("authorise-empty", &QueuePage::sample_empty()),
        page("authorise-one", &OnePage::sample()),
        page("authorise-problem", &OnePage::sample_with_problem()),
        page("authorise-own", &OnePage::sample_own()),
        page("authorise-edit", &EditPage::sample()),
        page("message", &MessagePage::sample()),
        page("message-sending", &MessagePage::sample_sending()),
        page("message-rejected", &MessagePage::sample_rejected()),
        page("deliveries", &DeliveriesPage::sample()),
        page("history", &HistoryPage::sample()),
        page("history-empty", &HistoryPage::sample_empty()),
    ]
}
