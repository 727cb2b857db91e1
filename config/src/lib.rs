//! What a person may set: a folder of text, read whole, checked whole, and turned into the values a mesh runs on. A thing
//! belongs here if an operator edits it. Reads files and nothing else; what it loads is in force only when somebody says so.
//!
//! Read on in this order: [`text`] (what may be written in which file), [`folder`] (files, variables, the hash), [`mod@load`]
//! (from text to values), [`links`] (from text to ways to sites), `check` (what may not contradict what), [`demo`] (a folder to start from).

pub mod demo;
pub mod finding;
pub mod folder;
pub mod links;
pub mod load;
pub mod text;

mod check;

pub use finding::Finding;
pub use load::{LinkText, Mesh, load};
