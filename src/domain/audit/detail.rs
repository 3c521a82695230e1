//! What an event tells beyond what happened, to whom, by whom and from where.

use serde_json::{Map, Value};

/// More about a recorded event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Named fields, as they were recorded.
    Data(Map<String, Value>),
    /// Words: earlier versions recorded these. Empty where there is no more.
    Text(String),
}

impl Detail {
    /// The column `detail`.
    pub(super) fn read(text: String) -> Self {
        match serde_json::from_str(&text) {
            Ok(Value::Object(data)) => Self::Data(data),
            _ => Self::Text(text),
        }
    }

    /// The fields, if it has any.
    pub fn into_data(self) -> Option<Map<String, Value>> {
        match self {
            Self::Data(data) => Some(data),
            Self::Text(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_is_data() {
        let data = Detail::read(r#"{"sessions_ended":3}"#.to_owned());
        assert_eq!(data.into_data().unwrap()["sessions_ended"], 3);
        for words in ["", "3", "null", "from no roles to admin", "[1]", "{no", "\"words\""] {
            assert_eq!(Detail::read(words.to_owned()), Detail::Text(words.to_owned()));
        }
    }
}
