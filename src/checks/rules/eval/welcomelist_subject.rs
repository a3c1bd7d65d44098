//! WelcomeListSubject: Subjects that are welcome or not.

use std::sync::LazyLock;

use super::{
    super::{addresses::AddressList, conf::ConfError, text::HeaderQuery},
    CallError, Function, Question, Standing,
};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    function("check_subject_in_welcomelist", |_, _| in_list(|lists| &lists.welcome)),
    function("check_subject_in_whitelist", |_, _| in_list(|lists| &lists.welcome)),
    function("check_subject_in_blocklist", |_, _| in_list(|lists| &lists.blocked)),
    function("check_subject_in_blacklist", |_, _| in_list(|lists| &lists.blocked)),
];

const fn function(
    name: &'static str,
    make: fn(&super::Arguments, &super::Conf) -> Result<Question, CallError>,
) -> Function {
    Function { name, standing: Standing::Same, make }
}

/// The lists of `welcomelist_subject` and `blocklist_subject`.
#[derive(Debug, Default)]
pub(in super::super) struct Subjects {
    welcome: AddressList,
    blocked: AddressList,
}

impl Subjects {
    /// Takes a directive; see [`Conf::read`](super::super::conf::Conf::read).
    ///
    /// # Errors
    /// No text is given.
    pub(in super::super) fn read(
        &mut self,
        key: &str,
        value: &str,
    ) -> Option<Result<(), ConfError>> {
        let list = match key {
            "welcomelist_subject" | "whitelist_subject" => &mut self.welcome,
            "blocklist_subject" | "blacklist_subject" => &mut self.blocked,
            _ => return None,
        };
        if value.is_empty() {
            let (key, what) = (key.to_owned(), "needs a text".to_owned());
            return Some(Err(ConfError::Value { key, what }));
        }
        // The text may stand anywhere in the Subject.
        list.add(&format!("*{value}*"));
        Some(Ok(()))
    }
}

fn in_list(list: fn(&Subjects) -> &AddressList) -> Result<Question, CallError> {
    static SUBJECT: LazyLock<Option<HeaderQuery>> =
        LazyLock::new(|| HeaderQuery::parse("Subject").ok());
    Ok(Question::yes_no(move |scene| {
        let list = list(&scene.conf.subjects);
        if list.is_empty() {
            return false;
        }
        let subject = SUBJECT.as_ref().and_then(|query| query.read(scene)).unwrap_or_default();
        !subject.is_empty() && list.contains(&subject)
    }))
}

#[cfg(test)]
mod tests {
    use super::super::scenes;

    #[test]
    fn subjects_are_found_in_lists() {
        scenes::check(
            "
=== subjects
header W eval:check_subject_in_welcomelist()
header B eval:check_subject_in_blacklist()
whitelist_subject [Project-?] news
blocklist_subject cheap*watches
---
Subject: Re: [project-X] News of today

x
=> W
---
Subject: CHEAP and good Watches here

x
=> B
---
Subject: [Project] news, watches cheap

x
=>
---
X-Subject: [Project-X] news

x
=>
",
        );
    }
}
