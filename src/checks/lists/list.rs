//! A list in use: its definition, and where its zone stands.

use super::{Definition, template::Template, zone::Zone};

/// A list.
pub(super) struct List {
    pub(super) definition: Definition,
    /// Its zone, by its number.
    pub(super) zone: usize,
    pub(super) template: Option<Template>,
}

/// The lists, and the zones that they are in.
pub(super) fn lists(definitions: &[Definition]) -> (Vec<List>, Vec<Zone>) {
    let mut zones: Vec<Zone> = Vec::new();
    let lists = definitions.iter().map(|definition| {
        let known = zones.iter().position(|zone| zone.holds(definition));
        let zone = known.unwrap_or(zones.len());
        match zones.get_mut(zone) {
            Some(zone) => zone.add(definition),
            None => zones.push(Zone::of(definition)),
        }
        List { definition: definition.clone(), zone, template: definition.template() }
    });
    (lists.collect(), zones)
}
