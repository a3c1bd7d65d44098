//! What a list's answers are called.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Code;
use crate::verdict::{Name, Points};

/// Codes and the findings they make, in order. Several findings may share a code.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings(Vec<Found>);

/// A finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The answers that make it.
    pub code: Code,
    /// What it is called.
    pub name: Name,
    /// What it weighs, if not what the list's findings do.
    pub weight: Option<Points>,
}

/// As written: `"NAME"`, or `{ name = "NAME", weight = 2.5 }`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Name(Name),
    Weighed { name: Name, weight: Points },
}

impl Findings {
    /// Adds a finding that weighs what the list's findings do.
    pub fn push(&mut self, code: Code, name: Name) {
        self.0.push(Found { code, name, weight: None });
    }

    /// Adds those of another list.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Takes out those of these names.
    pub fn leave_out(&mut self, names: &[&Name]) {
        self.0.retain(|found| !names.contains(&&found.name));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().map(|found| &found.name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Found> {
        self.0.iter()
    }
}

impl FromIterator<(Code, Name)> for Findings {
    fn from_iter<T: IntoIterator<Item = (Code, Name)>>(findings: T) -> Self {
        let found = |(code, name)| Found { code, name, weight: None };
        Self(findings.into_iter().map(found).collect())
    }
}

impl<'de> Deserialize<'de> for Findings {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let written = IndexMap::<Code, Written>::deserialize(from)?;
        let found = |(code, written)| match written {
            Written::Name(name) => Found { code, name, weight: None },
            Written::Weighed { name, weight } => Found { code, name, weight: Some(weight) },
        };
        Ok(Self(written.into_iter().map(found).collect()))
    }
}

impl Serialize for Findings {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let written = |found: &Found| match found.weight {
            None => Written::Name(found.name.clone()),
            Some(weight) => Written::Weighed { name: found.name.clone(), weight },
        };
        to.collect_map(self.0.iter().map(|found| (&found.code, written(found))))
    }
}
