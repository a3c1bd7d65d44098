//! What is inside attachments: OLEVBMacro's functions, and some of our own for what it does not ask.
//!
//! All read [`Message::inside`](crate::mail::Message::inside), so they hit nothing where the check `contents` is not asked.

use memchr::memmem;

use super::{Arguments, CallError, Function, Question, Standing};
use crate::{
    checks::rules::scene::Scene,
    mail::{Item, Limit, Lock, TraitKind},
};

/// SpamAssassin looks for marks in the bytes.
const READ: &str = "read from the document itself, macros and archives opened";

/// A function without arguments.
macro_rules! asks {
    ($name:literal, $ask:expr) => {
        Function {
            name: $name,
            standing: Standing::Differs(READ),
            make: |_, _| Ok(Question::yes_no($ask)),
        }
    };
}

/// See [`super::PLUGINS`].
pub(super) const OLE_VB_MACRO: &[Function] = &[
    asks!("check_oleobject", |scene| any(scene, |item| has(item, TraitKind::Object))),
    asks!("check_olemacro", |scene| any(scene, has_macro)),
    asks!("check_olemacro_csv", calls_from_table),
    asks!("check_olemacro_download_exe", |scene| any(scene, |item| has_macro(item)
        && item.uris.iter().any(|uri| leads_to_program(uri)))),
    asks!("check_olemacro_encrypted", |scene| any(scene, |item| is_office(&item.kind)
        && item.lock != Lock::None)),
    asks!("check_olemacro_malice", |scene| any(scene, |item| has(item, TraitKind::SuspiciousCall))),
    asks!("check_olemacro_mhtml_uri", |scene| any(scene, |item| external(item, "mhtml:"))),
    asks!("check_olemacro_redirect_uri", |scene| any(scene, |item| external(item, "http"))),
    asks!("check_olemacro_renamed", |scene| any(scene, |item| has_macro(item)
        && is_named_without(&item.name))),
    asks!("check_olemacro_zip_password", |scene| any(scene, |item| item.parent.is_some()
        && item.lock != Lock::None
        && is_office(&extension(&item.name)))),
    asks!("check_olertfobject", |scene| any(scene, |item| item.kind == "rtf"
        && has(item, TraitKind::Object))),
];

/// See [`super::PLUGINS`].
pub(super) const OWN: &[Function] = &[
    Function {
        name: "check_contents_trait",
        standing: Standing::Same,
        make: |arguments, _| {
            let kind = named(arguments, TRAITS)?;
            Ok(Question::yes_no(move |scene| any(scene, |item| has(item, kind))))
        },
    },
    Function {
        name: "check_contents_lock",
        standing: Standing::Same,
        make: |arguments, _| {
            let lock = named(arguments, &[("locked", Lock::Locked), ("opened", Lock::Opened)])?;
            Ok(Question::yes_no(move |scene| any(scene, |item| item.lock == lock)))
        },
    },
    Function {
        name: "check_contents_limit",
        standing: Standing::Same,
        make: |arguments, _| {
            let limit = named(arguments, LIMITS)?;
            Ok(Question::yes_no(move |scene| scene.case.message.inside().limits.contains(&limit)))
        },
    },
];

/// As rules name them.
const TRAITS: &[(&str, TraitKind)] = &[
    ("macro", TraitKind::Macro),
    ("auto_run", TraitKind::AutoRun),
    ("suspicious_call", TraitKind::SuspiciousCall),
    ("obfuscated", TraitKind::Obfuscated),
    ("excel_macro", TraitKind::ExcelMacro),
    ("dde", TraitKind::Dde),
    ("external", TraitKind::External),
    ("object", TraitKind::Object),
    ("javascript", TraitKind::JavaScript),
    ("launch", TraitKind::Launch),
    ("open_action", TraitKind::OpenAction),
    ("attached", TraitKind::Attached),
    ("smuggled", TraitKind::Smuggled),
    ("only_pictures", TraitKind::OnlyPictures),
    ("broken", TraitKind::Broken),
];

/// As rules name them.
const LIMITS: &[(&str, Limit)] = &[
    ("depth", Limit::Depth),
    ("members", Limit::Members),
    ("bytes", Limit::Bytes),
    ("ratio", Limit::Ratio),
    ("time", Limit::Time),
];

/// Extensions of office documents that may hold macros, and say so.
const WITH_MACROS: &[&str] = &[
    "docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppsm", "ppam", "sldm", "doc",
    "dot", "xls", "xlt", "xla", "xlm", "ppt", "pot", "pps", "ppa",
];

/// The trait that rules know by this name.
pub(in crate::checks::rules) fn trait_named(name: &str) -> Option<TraitKind> {
    TRAITS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// The limit that rules know by this name.
pub(in crate::checks::rules) fn limit_named(name: &str) -> Option<Limit> {
    LIMITS.iter().find(|(known, _)| *known == name).map(|(_, limit)| *limit)
}

/// What the first argument names.
fn named<T: Copy>(arguments: &Arguments, names: &[(&str, T)]) -> Result<T, CallError> {
    let name = arguments.text(1)?;
    let found = names.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    found.ok_or_else(|| CallError::Value {
        number: 1,
        what: format!(
            "not one of {}",
            names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
        ),
    })
}

fn any(scene: &Scene<'_>, is: impl Fn(&Item) -> bool) -> bool {
    scene.case.message.inside().items.iter().any(is)
}

fn has(item: &Item, kind: TraitKind) -> bool {
    item.traits.iter().any(|known| known.kind == kind)
}

fn has_macro(item: &Item) -> bool {
    has(item, TraitKind::Macro) || has(item, TraitKind::ExcelMacro)
}

fn is_office(kind: &str) -> bool {
    const KINDS: [&str; 8] = ["doc", "docx", "xls", "xlsx", "ppt", "pptx", "rtf", "ole"];
    KINDS.contains(&kind) || WITH_MACROS.contains(&kind)
}

/// What stands after the last dot of a name or a path, as somebody wrote it, in lower case. Not what a file system
/// makes of a name (blanks and dots at its end, letters that are not seen): the check `attachments` asks that.
fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
}

fn is_named_without(name: &str) -> bool {
    !name.is_empty() && !WITH_MACROS.contains(&extension(name).as_str())
}

fn external(item: &Item, scheme: &str) -> bool {
    let is_such = |detail: &str| {
        detail.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    item.traits.iter().any(|known| known.kind == TraitKind::External && is_such(&known.detail))
}

fn leads_to_program(uri: &str) -> bool {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    matches!(
        extension(path).as_str(),
        "exe" | "cmd" | "bat" | "scr" | "dll" | "msi" | "ps1" | "hta"
    )
}

/// A table in text with a cell that starts a program when an office program opens it.
fn calls_from_table(scene: &Scene<'_>) -> bool {
    let message = &scene.case.message;
    message.parts().iter().any(|part| {
        let name = part.file_name.as_deref().unwrap_or_default();
        if extension(name) != "csv" && part.content_type != "text/csv" {
            return false;
        }
        let content = part.content(message.raw()).to_ascii_lowercase();
        ["cmd|", "msexcel|", "powershell|"]
            .iter()
            .any(|call| memmem::find(&content, call.as_bytes()).is_some())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{
        super::{Call, function},
        *,
    };
    use crate::{
        checks::{Case, rules::conf::Conf},
        mail::{Envelope, Inside, Message},
    };

    fn item(name: &str, kind: &str, traits: &[(TraitKind, &str)]) -> Item {
        let mut item = Item { name: name.into(), kind: kind.into(), ..Item::default() };
        traits.iter().for_each(|(kind, detail)| item.add_trait(*kind, detail));
        item
    }

    fn asked(call: &str, inside: Inside) -> bool {
        let message =
            Message::parse(b"Subject: x\r\n\r\n".to_vec()).with_inside(inside, Vec::new());
        let case = Case { envelope: Arc::new(Envelope::default()), message: Arc::new(message) };
        let conf = Conf::default();
        let call = Call::parse(call).unwrap();
        let question = (function(&call.function).unwrap().make)(&call.arguments, &conf).unwrap();
        let Question::Ask(ask) = question else { panic!("{call:?}") };
        ask(&Scene::new(&case, &conf)) > 0
    }

    #[test]
    fn functions_see_what_was_found() {
        let office = item(
            "a/b.docx",
            "docx",
            &[(TraitKind::Macro, "Module1"), (TraitKind::External, "http://x.example/t.dotm")],
        );
        let locked = Item { parent: Some(0), lock: Lock::Locked, ..item("offer.xls", "", &[]) };
        let inside = Inside { items: vec![office, locked], limits: vec![Limit::Ratio] };
        for (call, expected) in [
            ("check_olemacro()", true),
            ("check_olemacro_renamed()", true),
            ("check_olemacro_redirect_uri()", true),
            ("check_olemacro_mhtml_uri()", false),
            ("check_olemacro_malice()", false),
            ("check_olemacro_zip_password()", true),
            ("check_olemacro_encrypted()", false),
            ("check_contents_trait('macro')", true),
            ("check_contents_trait('launch')", false),
            ("check_contents_lock('locked')", true),
            ("check_contents_lock('opened')", false),
            ("check_contents_limit('ratio')", true),
            ("check_contents_limit('time')", false),
        ] {
            assert_eq!(asked(call, inside.clone()), expected, "{call}");
            assert!(!asked(call, Inside::default()), "{call}");
        }
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let call = Call::parse("check_contents_lock('shut')").unwrap();
        let made = (function(&call.function).unwrap().make)(&call.arguments, &Conf::default());
        assert_eq!(made.unwrap_err().to_string(), "argument 1: not one of locked, opened");
    }
}
