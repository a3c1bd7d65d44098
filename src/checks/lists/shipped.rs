//! The usual public lists, ready to be used by name. None is asked unless its name is written: all have
//! terms of use, and whoever asks has to know them.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::{Definition, Key, ListsError};

/// The lists as a file.
const TEXT: &str = include_str!("shipped.toml");

/// A list that is shipped.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipped {
    /// By which name it is used.
    pub id: String,
    /// Where its terms of use are.
    pub terms: String,
    /// Who may use it without paying, in a few words.
    pub free_use: String,
    /// The subscription whose key it needs.
    #[serde(default)]
    pub subscription: Option<String>,
    /// The list itself; its key is still missing.
    pub list: Definition,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    shipped: Vec<Shipped>,
}

/// All of them, by name.
///
/// # Errors
/// The file is broken: a mistake of ours, which a test finds.
pub fn all() -> Result<&'static [Shipped], ListsError> {
    static ALL: LazyLock<Result<Vec<Shipped>, String>> = LazyLock::new(|| {
        let file: Result<File, _> = toml::from_str(TEXT);
        file.map(|file| file.shipped).map_err(|error| error.to_string())
    });
    ALL.as_deref().map_err(|error| ListsError::Shipped(error.clone()))
}

/// Those of these names, with their keys, which are known by subscription.
///
/// # Errors
/// There is none of a name, or its key is missing.
pub fn used(names: &[String], keys: &BTreeMap<String, Key>) -> Result<Vec<Definition>, ListsError> {
    let mut lists = Vec::new();
    for name in names {
        let shipped = all()?.iter().find(|shipped| shipped.id == *name);
        let Some(shipped) = shipped else {
            let known: Vec<&str> = all()?.iter().map(|shipped| shipped.id.as_str()).collect();
            return Err(ListsError::NotShipped { name: name.clone(), known: known.join(", ") });
        };
        let mut list = shipped.list.clone();
        if let Some(subscription) = &shipped.subscription {
            let key = keys.get(subscription).cloned();
            list.key = Some(key.ok_or_else(|| ListsError::KeyOf {
                name: name.clone(),
                subscription: subscription.clone(),
            })?);
        }
        lists.push(list);
    }
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        all().unwrap().iter().map(|shipped| shipped.id.clone()).collect()
    }

    fn keys() -> BTreeMap<String, Key> {
        let subscriptions =
            all().unwrap().iter().filter_map(|shipped| shipped.subscription.clone());
        subscriptions.map(|name| (name, Key::try_from("k3y".to_owned()).unwrap())).collect()
    }

    #[test]
    fn all_can_be_used() {
        let lists = used(&names(), &keys()).unwrap();
        assert!(lists.len() > 10);
        for (place, list) in lists.iter().enumerate() {
            list.validate().unwrap();
            assert!(!lists[..place].iter().any(|other| other.asks_the_same(list)), "{}", list.zone);
        }
        for shipped in all().unwrap() {
            assert!(shipped.terms.starts_with("https://"), "{}", shipped.id);
            assert!(!shipped.free_use.is_empty(), "{}", shipped.id);
        }
        let mut once = names();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), names().len());
    }

    #[test]
    fn names_and_keys_must_be_there() {
        let error = used(&["spamhaus-zem".to_owned()], &keys()).unwrap_err().to_string();
        assert!(error.contains("spamhaus-zem") && error.contains("spamhaus-zen,"), "{error}");
        let error =
            used(&["spamhaus-zen-dqs".to_owned()], &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("[dns.keys]") && error.contains("spamhaus-dqs"), "{error}");
    }
}
