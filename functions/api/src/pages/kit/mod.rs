//! What pages are built from. Nothing here knows a page.

pub(crate) mod ask;
pub(crate) mod book;
pub(crate) mod components;
pub(crate) mod context;
pub(crate) mod delivery_status;
pub(crate) mod done;
pub(crate) mod files;
pub(crate) mod form;
pub(crate) mod frame;
pub(crate) mod lines;
pub(crate) mod links;
pub(crate) mod places;
pub(crate) mod preview;
pub(crate) mod problem;
pub(crate) mod reply;
pub(crate) mod words;
