//! A token against forged requests, as SAP gateways want one with everything that writes: fetched first, good for a while, and only
//! together with the cookies that came with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::session::Shown;
use super::{Asked, HttpLink, Silence, Written, get};

/// A token, and what it counts with.
#[derive(Clone, Debug)]
pub(super) struct Token {
    text: String,
    cookies: Option<String>,
    /// Which login it was fetched under.
    shown: Shown,
}

impl Token {
    /// What is shown of it.
    pub(super) fn headers(&self) -> impl Iterator<Item = (String, String)> {
        let cookies = self.cookies.iter().map(|cookies| ("cookie".to_owned(), cookies.clone()));
        std::iter::once(("x-csrf-token".to_owned(), self.text.clone())).chain(cookies)
    }
}

impl HttpLink {
    /// One request, with a token where the system wants one.
    pub(super) async fn tokened(&self, asked: &Asked, shown: &Shown) -> Result<Value, Silence> {
        let Some(fetch) = self.spec.csrf.as_ref().filter(|_| asked.method != "GET") else { return self.once(asked, shown, None).await };
        let kept = self.csrf.lock().await.clone().filter(|kept| kept.shown.is_of(shown));
        let token = match kept {
            Some(token) => token,
            None => self.fetch_token(fetch, shown).await?,
        };
        let answer = self.once(asked, shown, Some(&token)).await?;
        let refused = answer.get("status") == Some(&json!(403))
            && answer.pointer("/headers/x-csrf-token").and_then(Value::as_str).is_some_and(|text| text.eq_ignore_ascii_case("required"));
        if !refused {
            return Ok(answer);
        }
        // The token was too old, so the request was not looked at.
        let token = self.fetch_token(fetch, shown).await?;
        self.once(asked, shown, Some(&token)).await
    }

    async fn fetch_token(&self, path: &str, shown: &Shown) -> Result<Token, Silence> {
        let headers = BTreeMap::from([("x-csrf-token".to_owned(), "Fetch".to_owned())]);
        let asked = Asked {
            method: get(),
            path: path.to_owned(),
            query: BTreeMap::new(),
            headers,
            body: None,
            written_as: Written::Json,
            then: false,
            reads: true,
        };
        let answer = self.once(&asked, shown, None).await.map_err(|silence| match silence {
            // Nothing that writes was sent yet.
            Silence::Unsent(why) | Silence::Unknown(why) => Silence::Unsent(format!("no token: {why}")),
            Silence::Wrong(why) => Silence::Wrong(why),
        })?;
        let header = |name: &str| answer.pointer(&format!("/headers/{name}")).and_then(Value::as_str);
        let Some(token) = header("x-csrf-token") else {
            return Err(Silence::Unsent(format!("{path} gave no x-csrf-token")));
        };
        let token = Token { text: token.to_owned(), cookies: header("set-cookie").map(cookies), shown: shown.clone() };
        *self.csrf.lock().await = Some(token.clone());
        Ok(token)
    }
}

/// What is shown of the cookies that a system sets, a line each: their names and values.
fn cookies(set: &str) -> String {
    set.lines().filter_map(|line| line.split(';').next()).map(str::trim).collect::<Vec<_>>().join("; ")
}
