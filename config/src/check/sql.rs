//! Links over SQL: an address that can be read and has no password in it, and something to do.

use takt_actors::link::sql;

use super::Checks;
use super::link::Classes;
use crate::text::SqlText;

impl Checks<'_> {
    pub(super) fn sql(&mut self, file: &str, sql: &SqlText, classes: &Classes) {
        self.asked(file, &sql.send, classes);
        self.polls(file, &sql.polls);
        self.are_there(file, sql.mapping_files());
        self.statements(file, sql);
        self.database(file, sql);
        if sql.send.is_empty() && sql.polls.is_empty() {
            let what = "the link over SQL neither sends nor asks".to_owned();
            self.say_at(file, &["link", "sql"], what, "add verbs to `send`, or a poll");
        }
        self.tables(file, &["link", "sql", "tables"], &sql.tables);
    }

    /// That its address is one, and may stand in logs.
    fn database(&mut self, file: &str, sql: &SqlText) {
        let url = sql.url.value.as_str();
        // A variable that is not set was told.
        if url.is_empty() {
            return;
        }
        let shows =
            reqwest::Url::parse(url).is_ok_and(|url| url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password"));
        if shows {
            let what = "an address has a password in it, and addresses stand in logs".to_owned();
            self.say(file, sql.url.referenced, what, "write `password: ${NAME}` beside `url`, and set NAME outside");
        } else if let Some(wrong) = sql::wrong_with(url) {
            let remedy = "write `url: postgres://user@host/database`, or the same with mysql://, and `password: ${NAME}` beside it";
            self.say(file, sql.url.referenced, wrong, remedy);
        }
        let told = self.findings.iter().any(|found| found.file == file && found.what.contains("variable"));
        if sql.password.as_ref().is_some_and(|password| password.trim().is_empty()) && !told {
            let what = "the password under `link.sql` is empty".to_owned();
            self.say_at(file, &["link", "sql", "password"], what, "write `password: ${NAME}` and set NAME outside, or leave it out");
        }
    }

    /// That a poll without a cursor and marks asks for something.
    fn statements(&mut self, file: &str, sql: &SqlText) {
        for (topic, poll) in &sql.polls {
            if poll.path.as_ref().is_some_and(|path| path.trim().is_empty()) {
                let what = format!("the poll {topic} has an empty statement as its `path`");
                self.say_at(file, &["link", "sql", "polls", topic, "path"], what, "write the statement, such as `select * from machines`");
            }
        }
    }
}
