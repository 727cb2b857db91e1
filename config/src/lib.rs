//! What a person may set: a folder of text, read whole, checked whole, and turned into the values a mesh runs on. A thing
//! belongs here if an operator edits it. Reads files and nothing else; what it loads is in force only when somebody says so.
//!
//! Read on in this order: [`text`] (what may be written in which file), [`folder`] (files and the hash), `read` and `fill` (from
//! files to pages, variables filled in, a plant's own laid over what holds for all), `check` (what may not contradict what), [`against`] (what may not
//! have changed under its name), [`mod@load`] (from pages to values), [`links`]
//! (from pages to ways to sites), [`trial`] (the tests that stand in the folder), [`explain`] (which file set what is in force), [`kept`] (what is in force until the next start), [`places`] (which file holds what), [`demo`] and [`start`] (folders to start
//! from), [`swap`] (another ERP in the demo's folder), [`onboard`] (a new system from a template and samples),
//! [`observed`] (what would have been posted beside what was).

pub mod against;
pub mod demo;
pub mod explain;
pub mod finding;
pub mod folder;
pub mod kept;
pub mod links;
pub mod load;
pub mod observed;
pub mod onboard;
pub mod places;
pub mod start;
pub mod swap;
pub mod text;
pub mod trial;

mod check;
mod fill;
mod govern;
mod nearest;
mod overlay;
mod place;
mod read;
mod wrong;

pub use finding::Finding;
pub use load::{LinkText, Mesh, load};
