//! Questions over HTTP: requests whose answer is a success.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Asked, HttpLink, Silence};
use crate::link::asks::{Asks, Unanswered};

impl HttpLink {
    /// One request, and its status beside the answer.
    async fn put(&self, question: Value) -> Result<(u64, Value), Unanswered> {
        let no_request = |error| Unanswered::Wrong(format!("it gives no request: {error}"));
        let asked: Asked = serde_path_to_error::deserialize(question).map_err(no_request)?;
        let answer = self.exchange(asked).await.map_err(|silence| match silence {
            Silence::Unsent(why) | Silence::Unknown(why) | Silence::Wrong(why) => Unanswered::Silent(why),
        })?;
        let status = answer.get("status").and_then(Value::as_u64).unwrap_or_default();
        Ok((status, answer))
    }
}

#[async_trait]
impl Asks for HttpLink {
    async fn ask(&self, question: Value) -> Result<Value, Unanswered> {
        match self.put(question).await? {
            (200..=299, answer) => Ok(answer),
            (404, _) => Err(Unanswered::NotKnown("answered 404".to_owned())),
            (status, _) => Err(Unanswered::Refused(format!("answered {status}"))),
        }
    }

    async fn whole(&self, what: &str) -> Result<Value, Unanswered> {
        match self.put(json!({ "path": what })).await? {
            (200, mut answer) => Ok(answer.get_mut("body").map(Value::take).unwrap_or_default()),
            (status, _) => Err(Unanswered::Refused(format!("answered {status}"))),
        }
    }

    async fn tell(&self, told: Value) -> Result<(), Unanswered> {
        self.ask(told).await.map(drop)
    }
}
