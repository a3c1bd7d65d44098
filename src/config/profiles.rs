//! Profiles as written to profiles as used.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::filter::{
    Profiles,
    profile::{Profile, Settings},
};

/// The names that always exist.
pub(super) const SHIPPED: [&str; 3] = ["external", "authenticated", "local"];

/// Fills every profile from its bases.
pub(super) fn resolve(written: &IndexMap<String, Settings>) -> Profiles {
    let named = |name: &str| Arc::new(resolved(written, name));
    let own = written.iter().filter(|(name, _)| !SHIPPED.contains(&name.as_str()));
    Profiles {
        external: named("external"),
        authenticated: named("authenticated"),
        local: named("local"),
        additional: own
            .map(|(name, profile)| (profile.when.clone().unwrap_or_default(), named(name)))
            .collect(),
    }
}

/// One profile, filled from its base and the base's base. A chain that comes back to itself ends
/// where it does; validation refuses it before.
pub(super) fn resolved(written: &IndexMap<String, Settings>, name: &str) -> Profile {
    let mut settings = written.get(name).cloned().unwrap_or_default();
    for base in bases(written, name) {
        if let Some(base) = written.get(base) {
            settings = settings.over(base);
        }
    }
    settings.resolve(name)
}

/// The bases of a profile, nearest first.
pub(super) fn bases<'w>(written: &'w IndexMap<String, Settings>, name: &str) -> Vec<&'w str> {
    let mut chain: Vec<&str> = Vec::new();
    let mut name = name.to_owned();
    while !SHIPPED.contains(&name.as_str()) && chain.len() <= written.len() {
        let base = written.get(&name).and_then(|profile| profile.base.as_deref());
        let base = base.unwrap_or("external");
        chain.push(base);
        name = base.to_owned();
    }
    chain
}
