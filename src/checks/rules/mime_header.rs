//! `mimeheader`: patterns for the header fields of MIME parts (MIMEHeader).

use super::{
    compile::index,
    cost::Watch,
    group::Probe,
    hits::Hits,
    language::{Flags, bytes_of, comparison},
    pattern::{Genre, LimitExceeded, Literals, Matcher, Pattern, PatternError},
    prefilter::{self, Prefilter, Scratch},
    scene::Scene,
};
use crate::mail::{Entities, Field, Fields};

/// What a rule asks of the parts' fields.
#[derive(Debug)]
pub(super) struct MimeHeader {
    /// Lower case; `None` for all fields of a part.
    field: Option<String>,
    /// `:raw`: as written.
    raw: bool,
    matcher: Matcher,
    literals: Option<Literals>,
    /// `!~`: it hits, whatever the fields hold. SpamAssassin has it so.
    negated: bool,
    /// What is read if a part has no such field.
    if_unset: Vec<u8>,
}

/// All such rules, by the field they read.
#[derive(Debug, Default)]
pub(super) struct MimeHeaders(Vec<FieldRules>);

/// A rule with its number in the set.
type Rule = (u32, Flags, MimeHeader);

/// Rules that read the same field.
#[derive(Debug)]
struct FieldRules {
    field: Option<String>,
    raw: bool,
    rules: Vec<Rule>,
    prefilter: Prefilter,
}

impl MimeHeaders {
    /// From rules with their numbers in the set.
    pub(super) fn new(mut rules: Vec<Rule>) -> Self {
        let place = |(number, _, test): &Rule| (test.field.clone(), test.raw, *number);
        rules.sort_by_cached_key(place);
        let mut fields: Vec<FieldRules> = Vec::new();
        for rule in rules {
            let (_, _, test) = &rule;
            let is_same = |last: &&mut FieldRules| last.field == test.field && last.raw == test.raw;
            match fields.last_mut().filter(is_same) {
                Some(same) => same.rules.push(rule),
                None => fields.push(FieldRules {
                    field: test.field.clone(),
                    raw: test.raw,
                    rules: vec![rule],
                    prefilter: Prefilter::default(),
                }),
            }
        }
        fields.iter_mut().for_each(FieldRules::prepare);
        Self(fields)
    }

    /// Their numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flat_map(|field| &field.rules).map(|(number, ..)| *number)
    }

    /// What runs.
    pub(super) fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        self.0.iter().flat_map(|field| &field.rules).map(|(.., test)| &test.matcher)
    }

    /// Runs those that can match.
    pub(super) fn examine(
        &self,
        scene: &Scene<'_>,
        scratch: &mut Scratch,
        hits: &mut Hits,
        watch: &mut impl Watch,
    ) {
        for field in &self.0 {
            for (rule, flags, test) in field.candidates(scene, scratch) {
                watch.work(*rule, || test.examine(*rule, *flags, scene, hits));
            }
        }
    }
}

impl FieldRules {
    /// Makes the prefilter.
    fn prepare(&mut self) {
        let mut prefilter = prefilter::Builder::new(Genre::Fields);
        for (_, flags, test) in &self.rules {
            prefilter.add(test.literals.clone().filter(|_| test.reads_parts(*flags)));
        }
        self.prefilter = prefilter.build();
    }

    /// The rules that can match in a part.
    fn candidates(&self, scene: &Scene<'_>, scratch: &mut Scratch) -> Vec<&Rule> {
        let texts = scene.part_fields(self.field.as_deref(), self.raw);
        let texts = texts.iter().flatten().map(Vec::as_slice);
        let numbers = self.prefilter.candidates_in_any(texts, scratch).into_iter();
        numbers.filter_map(|number| self.rules.get(index(number))).collect()
    }
}

/// Why a line is no such rule.
#[derive(Debug, thiserror::Error)]
pub(super) enum MimeHeaderError {
    /// Not `Header =~ /…/`.
    #[error("`mimeheader` needs a header name and `=~` or `!~`")]
    Form,
    /// The pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

impl MimeHeader {
    /// Reads what stands behind the rule's name.
    ///
    /// # Errors
    /// Not of the right form.
    pub(super) fn parse(text: &str) -> Result<Self, MimeHeaderError> {
        let (header, test) = comparison::subject(text).ok_or(MimeHeaderError::Form)?;
        let (negated, pattern) = comparison::operator(test).ok_or(MimeHeaderError::Form)?;
        let (pattern, if_unset) = comparison::if_unset(pattern.trim());
        let header = header.trim().trim_end_matches(':');
        let (name, raw) = header.strip_suffix(":raw").map_or((header, false), |name| (name, true));
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == ':') {
            return Err(MimeHeaderError::Form);
        }
        let pattern = Pattern::compile(pattern.trim())?;
        Ok(Self {
            field: (name != "ALL").then(|| name.to_ascii_lowercase()),
            raw,
            literals: pattern.literals(Genre::Fields),
            matcher: pattern.matcher,
            negated,
            if_unset: bytes_of(if_unset.unwrap_or_default()),
        })
    }

    /// Whether it looks for its pattern in one part after the other, and nowhere else.
    fn reads_parts(&self, flags: Flags) -> bool {
        !self.negated && !flags.concat && self.if_unset.is_empty()
    }

    /// Runs the rule.
    fn examine(&self, rule: u32, flags: Flags, scene: &Scene<'_>, hits: &mut Hits) {
        let most = Probe::most_hits(flags.multiple, flags.most_hits);
        match self.count(flags, most, scene) {
            Ok(count) => hits.add(rule, count),
            Err(LimitExceeded) => hits.give_up(rule),
        }
    }

    /// How often it hits: the matches in the first part that has any.
    fn count(&self, flags: Flags, most: u32, scene: &Scene<'_>) -> Result<u32, LimitExceeded> {
        if self.negated {
            return Ok(1);
        }
        let (first, last) = flags.parts.unwrap_or((0, u32::MAX));
        let texts = scene.part_fields(self.field.as_deref(), self.raw);
        let parts = (1..).zip(texts.iter());
        let parts = parts.filter(|(number, _)| (first..=last).contains(number));
        let mut together = Vec::new();
        for (_, text) in parts {
            // A raw value that is not there is empty, whatever the rule says.
            let unset = if self.raw { &[][..] } else { &self.if_unset };
            let text = text.as_deref().unwrap_or(unset);
            if flags.concat {
                together.extend_from_slice(text);
                if !text.ends_with(b"\n") {
                    together.push(b'\n');
                }
                continue;
            }
            let count = self.matches(text, most)?;
            if count > 0 {
                return Ok(count);
            }
        }
        if flags.concat { self.matches(&together, most) } else { Ok(0) }
    }

    fn matches(&self, text: &[u8], most: u32) -> Result<u32, LimitExceeded> {
        match most {
            1 => self.matcher.try_is_match(text).map(u32::from),
            _ => self.matcher.try_count(text, most),
        }
    }
}

/// What rules read of the parts of a message: of each the field of this name (lower case), or all
/// its fields. `None` for a part without it.
pub(super) fn part_fields(
    entities: &Entities,
    name: Option<&str>,
    raw: bool,
) -> Vec<Option<Vec<u8>>> {
    let parts = entities.iter().enumerate();
    parts.map(|(index, part)| text(&part.fields, name, raw, index == 0)).collect()
}

/// What is read of one part. `whole`: it is the message itself.
fn text(fields: &Fields, name: Option<&str>, raw: bool, whole: bool) -> Option<Vec<u8>> {
    let Some(name) = name else {
        let mut lines = Vec::new();
        fields.iter().for_each(|field| add_line(&mut lines, field, raw, whole));
        return Some(lines);
    };
    // Of several the last.
    let field = fields.named(name).last()?;
    Some(if raw { written(field, whole) } else { [field.decoded().as_bytes(), b"\n"].concat() })
}

fn add_line(lines: &mut Vec<u8>, field: &Field, raw: bool, whole: bool) {
    lines.extend_from_slice(field.name.as_bytes());
    lines.extend_from_slice(b": ");
    if raw {
        lines.extend_from_slice(&unfolded(&written(field, whole)));
    } else {
        lines.extend_from_slice(field.decoded().as_bytes());
        lines.push(b'\n');
    }
}

/// A value as written, with bare line feeds and the one that ends it. Of parts inside the message
/// SpamAssassin keeps no blanks in front.
fn written(field: &Field, whole: bool) -> Vec<u8> {
    let value = field.raw.trim_ascii_end();
    let value = if whole { value } else { value.trim_ascii_start() };
    let mut value: Vec<u8> = value.iter().copied().filter(|&byte| byte != b'\r').collect();
    value.push(b'\n');
    value
}

/// Each fold as one blank.
fn unfolded(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, behind)) = rest.split_first() {
        let folds = byte == b'\n' && behind.first().is_some_and(u8::is_ascii_whitespace);
        out.push(if folds { b' ' } else { byte });
        rest = if folds { behind.trim_ascii_start() } else { behind };
    }
    out
}
