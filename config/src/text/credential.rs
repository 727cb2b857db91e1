//! How we show a system over HTTP who we are, where a bearer token that stays the same does not do.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

/// How we show who we are.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CredentialText {
    /// By a name and a password.
    Basic(BasicText),
    /// By a key in a header.
    Key(KeyText),
    /// By a token that an authorization server gives for our id and secret (OAuth2, client credentials).
    Oauth2(ClientText),
    /// By steps that a mapping says, whose result is shown with everything from then on.
    Login(LoginText),
}

/// A name and a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicText {
    /// The name.
    pub user: String,
    /// The password; write `${NAME}` and keep it in the environment.
    pub password: String,
}

/// A key in a header.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyText {
    /// The header.
    pub header: String,
    /// The key; write `${NAME}` and keep it in the environment.
    pub value: String,
}

/// Who we are for an authorization server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientText {
    /// Where it gives tokens: a whole address, or a path behind `base`.
    pub token: String,
    /// Our id.
    pub id: String,
    /// Our secret; write `${NAME}` and keep it in the environment.
    pub secret: String,
    /// What we ask for, if anything.
    pub scope: Option<String>,
}

/// Steps to log in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginText {
    /// The mapping file with `login`, `session`, and perhaps `expired`.
    pub mapping: Spanned<String>,
    /// What it sees as `.secrets`; write `${NAME}` and keep what is secret in the environment.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
}

impl CredentialText {
    /// The mapping file that it names, if any.
    pub(crate) fn mapping(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Login(login) => Some(&login.mapping),
            Self::Basic(_) | Self::Key(_) | Self::Oauth2(_) => None,
        }
    }

    /// The same, to be changed.
    pub(crate) fn mapping_mut(&mut self) -> Option<&mut Spanned<String>> {
        match self {
            Self::Login(login) => Some(&mut login.mapping),
            Self::Basic(_) | Self::Key(_) | Self::Oauth2(_) => None,
        }
    }

    /// What must not be known to everybody, each with the keys that lead to it behind `credential`.
    pub(crate) fn secrets(&self) -> Vec<(&str, [&'static str; 2])> {
        match self {
            Self::Basic(basic) => vec![(&basic.password, ["basic", "password"])],
            Self::Key(key) => vec![(&key.value, ["key", "value"])],
            Self::Oauth2(client) => vec![(&client.secret, ["oauth2", "secret"])],
            Self::Login(login) => login.secrets.values().map(|secret| (secret.as_str(), ["login", "secrets"])).collect(),
        }
    }

    /// Every text that may hold a variable.
    pub(crate) fn texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::Basic(basic) => vec![&mut basic.user, &mut basic.password],
            Self::Key(key) => vec![&mut key.value],
            Self::Oauth2(client) => [&mut client.token, &mut client.id, &mut client.secret].into_iter().chain(&mut client.scope).collect(),
            Self::Login(login) => login.secrets.values_mut().collect(),
        }
    }
}
