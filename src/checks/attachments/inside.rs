//! Files in attachments, and what documents can do.

use super::{DANGEROUS_NAME, ENCRYPTED, MACRO, Policy, TYPE_MISMATCH, content, file_name, find};
use crate::{
    mail::{Inside, Item, Lock, Message, TraitKind},
    verdict::Answer,
};

/// Kinds of files that hold files nobody opens by themselves.
const PACKAGES: &[&str] =
    &["jar", "apk", "msi", "docx", "xlsx", "pptx", "odt", "ods", "odp", "epub"];

/// Kinds that run, whatever they are called.
const PROGRAMS: &[&str] = &["exe", "lnk", "hta", "chm", "msi"];

impl Policy {
    pub(super) fn examine_inside(&self, message: &Message, answer: &mut Answer) {
        let inside = message.inside();
        for item in &inside.items {
            let path = || path(message, item);
            if item.lock != Lock::None {
                let opened = if item.lock == Lock::Opened { ", its password is told" } else { "" };
                find(answer, ENCRYPTED, &path(), format!("encrypted{opened}"));
            }
            if let Some(detail) = macros(item) {
                find(answer, MACRO, &path(), detail);
            }
            if is_file(inside, item) {
                self.examine_name(&path(), answer);
                self.examine_kind(item, &path(), answer);
            }
        }
    }

    /// What a file in an archive is, against its name.
    fn examine_kind(&self, item: &Item, path: &str, answer: &mut Answer) {
        if let Some(lie) = content::lie(&item.name, &item.kind) {
            find(answer, TYPE_MISMATCH, path, lie);
        }
        if PROGRAMS.contains(&item.kind.as_str()) && self.dangerous.contains(&item.kind) {
            find(answer, DANGEROUS_NAME, path, format!("a program in it (.{})", item.kind));
        }
    }
}

/// What shows that it holds macros.
fn macros(item: &Item) -> Option<String> {
    let kinds = [TraitKind::Macro, TraitKind::ExcelMacro];
    let found = item.traits.iter().find(|known| kinds.contains(&known.kind))?;
    Some(format!("macros: {}", found.detail))
}

/// Whether somebody may open it by itself.
fn is_file(inside: &Inside, item: &Item) -> bool {
    let holder = item.parent.and_then(|parent| inside.items.get(parent as usize));
    holder.is_some_and(|holder| !PACKAGES.contains(&holder.kind.as_str()))
}

/// Where it is: `offers.zip/january/offer.doc`.
fn path(message: &Message, item: &Item) -> String {
    let items = &message.inside().items;
    let mut names = vec![item.name.as_str()];
    let mut at = item;
    while let Some(holder) = at.parent.and_then(|parent| items.get(parent as usize)) {
        names.push(&holder.name);
        at = holder;
    }
    if let (Some(name), Some(part)) = (names.last_mut(), message.parts().get(at.part as usize))
        && name.is_empty()
    {
        *name = file_name(part);
    }
    names.reverse();
    names.join("/")
}
