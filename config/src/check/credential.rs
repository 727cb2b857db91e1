//! How a link shows who we are: one way, that can be used.

use super::Checks;
use crate::text::{CredentialText, HttpText};

const PATH: [&str; 3] = ["link", "http", "credential"];

impl Checks<'_> {
    pub(super) fn credential(&mut self, file: &str, http: &HttpText) {
        let Some(credential) = &http.credential else { return };
        if http.bearer.is_some() {
            let what = "a link shows who we are in two ways, and a system would take one of them".to_owned();
            self.say_at(file, &PATH, what, "leave out `bearer`, or `credential`");
        }
        match credential {
            CredentialText::Login(login) => self.has(file, &login.mapping, &["login", "session"], "how we log in"),
            CredentialText::Basic(basic) if basic.user.contains(':') => {
                let what = format!("`{}` has a colon, which ends a name there (RFC 7617)", basic.user.escape_debug());
                self.say_at(file, &[PATH[0], PATH[1], PATH[2], "basic", "user"], what, "write a name without one");
            }
            CredentialText::Basic(_) => {}
            CredentialText::Key(key) => self.header(file, &[PATH[0], PATH[1], PATH[2], "key", "header"], &key.header),
            CredentialText::Oauth2(client) => {
                let url = reqwest::Url::parse(&client.token).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
                // A variable that is not set was told.
                if url.is_none() && !client.token.is_empty() && !client.token.starts_with('/') {
                    let what = format!("`{}` is no address that gives tokens", client.token.escape_debug());
                    let remedy = "begin it with https://, or with a slash where it stands behind `base`";
                    self.say_at(file, &[PATH[0], PATH[1], PATH[2], "oauth2", "token"], what, remedy);
                }
            }
        }
    }

    fn header(&mut self, file: &str, path: &[&str], header: &str) {
        if header.is_empty() || header.chars().any(|letter| !letter.is_ascii_alphanumeric() && letter != '-') {
            let what = format!("`{}` is no header", header.escape_debug());
            self.say_at(file, path, what, "write letters, digits and `-`, such as X-API-Key");
        }
    }
}
