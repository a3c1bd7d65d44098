//! Which lists a profile asks.

use std::{collections::BTreeSet, sync::Arc};

use super::{Definition, list::List};

/// The lists of some profiles, out of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum View {
    /// All lists, for all profiles: no list is for some profiles alone.
    #[default]
    All,
    /// Those for this profile.
    Of(Arc<str>),
    /// Those for all profiles; for profiles that no list names.
    Others(Arc<[Arc<str>]>),
}

impl View {
    /// The views that serve each profile exactly once.
    pub(super) fn all(lists: &[List]) -> Vec<Self> {
        let named = lists.iter().flat_map(|list| &list.definition.profiles);
        let named: BTreeSet<Arc<str>> = named.map(|name| name.as_str().into()).collect();
        if named.is_empty() {
            return vec![Self::All];
        }
        let others = Self::Others(named.iter().cloned().collect());
        named.into_iter().map(Self::Of).chain([others]).collect()
    }

    /// Whether mail of this profile is served.
    pub(super) fn serves(&self, profile: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(name) => **name == *profile,
            Self::Others(named) => !named.iter().any(|name| **name == *profile),
        }
    }

    /// Whether a list is seen.
    pub(super) fn shows(&self, list: &Definition) -> bool {
        match self {
            Self::Of(name) if !list.profiles.is_empty() => {
                list.profiles.iter().any(|profile| **profile == **name)
            }
            Self::All | Self::Of(_) => true,
            Self::Others(_) => list.profiles.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::lists::list;

    #[test]
    fn each_profile_is_served_once_and_sees_its_lists() {
        let definition = |zone: &str, profiles: &str| -> Definition {
            let text =
                format!("zone = '{zone}'\nprofiles = [{profiles}]\nfindings = {{ '*' = 'A' }}");
            toml::from_str(&text).unwrap()
        };
        let definitions =
            [definition("a.bl", ""), definition("b.bl", "'x'"), definition("c.bl", "'x', 'y'")];
        let (lists, _) = list::lists(&definitions);
        let views = View::all(&lists);
        for (profile, zones) in [("x", "a.bl b.bl c.bl"), ("y", "a.bl c.bl"), ("z", "a.bl")] {
            let serving: Vec<_> = views.iter().filter(|view| view.serves(profile)).collect();
            assert_eq!(serving.len(), 1, "{profile}");
            let seen = definitions.iter().filter(|list| serving[0].shows(list));
            let seen: Vec<_> = seen.map(|list| list.zone.as_str()).collect();
            assert_eq!(seen.join(" "), zones, "{profile}");
        }
        assert_eq!(View::all(&list::lists(&definitions[..1]).0), [View::All]);
    }
}
