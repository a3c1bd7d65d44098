//! What patterns catch for other patterns: `(?<NAME>…)` in one rule, `%{NAME}` in another.
//!
//! Rules that catch are rules like others; what they have caught is asked for when they have hit.
//! Rules with places for it come behind all others, and are compiled only for a message in which
//! the values stand where the rest of the rule could match, too. One of whose tags nothing was
//! caught is not run: it has not hit.
//!
//! Rules catch in the order of their kinds (header, body, uri, rawbody, full), then of the files;
//! what is caught later replaces what was caught before under the same tag. One that catches and
//! has a place for what others catch comes behind the others of its kind.
//!
//! SpamAssassin sees only the last of several tags that one pattern has places for, and in a process
//! that reads many messages the values of the first stay. Here all are seen, and each message's own.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{
    compile::index,
    cost::{Unwatched, Watch},
    group::{Builder, Probe, Scratch},
    hits::Hits,
    pattern::{self, Matcher, Pattern, Template},
    place::Place,
    prefilter::{self, Prefilter},
    scene::Scene,
};

/// The priority of rules that catch, unless they say otherwise.
pub(super) const EARLY: i64 = -10_000;

/// Bytes of all values of a tag. More are left out, longest first: they make a pattern large.
const MOST_BYTES: usize = 4 << 10;

/// How a rule reads its texts.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// Its number in the set.
    pub(super) rule: u32,
    pub(super) place: Place,
    /// A hit is that it does not match.
    pub(super) negated: bool,
    /// How many matches count.
    pub(super) most_hits: u32,
    /// It does not read the first text, which is the Subject.
    pub(super) skips_first: bool,
    /// Its hits are reported, so that they need evidence.
    pub(super) reported: bool,
}

/// Rules that catch for others, and those others.
#[derive(Debug, Default)]
pub(super) struct Captures {
    /// In the order in which they catch.
    early: Vec<(Reader, Early)>,
    templates: Vec<Fillable>,
}

/// Rules with places for what others catch, which read the same texts.
#[derive(Debug)]
struct Fillable {
    rules: Vec<(Reader, Template)>,
    prefilter: Prefilter,
}

/// What catches.
#[derive(Debug)]
enum Early {
    /// A rule that is run with the others.
    Rule(Matcher),
    /// A rule with places.
    Template(Template),
}

/// The rules on their way there.
#[derive(Debug, Default)]
pub(super) struct Draft {
    captures: Captures,
    templates: Vec<(Reader, Template)>,
    /// The tags that the rules catch.
    caught: HashSet<String>,
}

impl Draft {
    /// Adds a rule that is run with the others; notes what it catches.
    ///
    /// # Errors
    /// What it would catch cannot be known; the others are as before.
    pub(super) fn add(
        &mut self,
        reader: &Reader,
        pattern: &Pattern,
    ) -> Result<(), pattern::PatternError> {
        // Where a hit is that nothing matches, nothing is caught.
        if reader.negated {
            return Ok(());
        }
        if let Some(matcher) = pattern.catching()? {
            self.caught.extend(pattern.caught());
            self.captures.early.push((reader.clone(), Early::Rule(matcher)));
        }
        Ok(())
    }

    /// Adds a rule with places for what others catch.
    pub(super) fn add_template(&mut self, reader: Reader, pattern: &Pattern, template: Template) {
        let caught = pattern.caught();
        if caught.is_empty() || reader.negated {
            self.templates.push((reader, template));
        } else {
            self.caught.extend(caught);
            self.captures.early.push((reader, Early::Template(template)));
        }
    }

    /// Puts the rules in order. With each tag that nothing catches the rule that wants it.
    pub(super) fn finish(self) -> (Captures, Vec<(u32, String)>) {
        let Self { mut captures, mut templates, caught } = self;
        captures.early.sort_by_key(|(reader, early)| {
            (reader.place.order(), matches!(early, Early::Template(_)))
        });
        templates.sort_by_cached_key(|(reader, _)| reader.place.name());
        let early = captures.early.iter().filter_map(|(reader, early)| match early {
            Early::Rule(_) => None,
            Early::Template(template) => Some((reader, template)),
        });
        let late = templates.iter().map(|(reader, template)| (reader, template));
        let missing = early.chain(late).flat_map(|(reader, template)| {
            let missing = template.wanted.iter().filter(|tag| !caught.contains(*tag));
            missing.map(|tag| (reader.rule, tag.clone()))
        });
        let missing = missing.collect();
        captures.templates = Fillable::all(templates);
        (captures, missing)
    }
}

impl Captures {
    /// What runs, as far as it is compiled for all messages.
    pub(super) fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        let early = self.early.iter().filter_map(|(_, early)| match early {
            Early::Rule(matcher) => Some(matcher),
            Early::Template(template) => template.guard(),
        });
        let late = self.templates.iter().flat_map(|templates| &templates.rules);
        early.chain(late.filter_map(|(_, template)| template.guard()))
    }

    /// The rules that catch.
    pub(super) fn early(&self) -> impl Iterator<Item = u32> {
        self.early.iter().map(|(reader, _)| reader.rule)
    }

    /// Runs the rules with places; the others have been run.
    pub(super) fn examine(
        &self,
        scene: &Scene<'_>,
        scratch: &mut Scratch,
        hits: &mut Hits,
        watch: &mut impl Watch,
    ) {
        let only_rules = self.early.iter().all(|(_, early)| matches!(early, Early::Rule(_)));
        // What is caught is asked for once a text turns up that it could stand in.
        let mut caught = (!only_rules).then(|| self.caught(scene, scratch, hits, watch));
        for templates in &self.templates {
            let Some((first, _)) = templates.rules.first() else { continue };
            let mut texts = Texts::new(first.place.texts(scene));
            for (reader, template) in templates.candidates(&texts, &mut scratch.passes) {
                if !reader.negated && !watch.work(reader.rule, || texts.could_match(template)) {
                    continue;
                }
                let caught = caught.get_or_insert_with(|| self.caught(scene, scratch, hits, watch));
                if caught.has_all(&template.wanted) {
                    watch.work(reader.rule, || {
                        examine(reader, template, caught, &mut texts, scratch, hits);
                    });
                }
            }
        }
    }

    /// What the rules that have hit catch; runs those of them that have places.
    fn caught(
        &self,
        scene: &Scene<'_>,
        scratch: &mut Scratch,
        hits: &mut Hits,
        watch: &mut impl Watch,
    ) -> Caught {
        let mut caught = Caught::default();
        for (reader, early) in &self.early {
            match early {
                Early::Rule(_) if hits.count(reader.rule) == 0 => {}
                Early::Rule(matcher) => {
                    let texts = reader.place.texts(scene);
                    let texts = texts.iter().map(AsRef::as_ref);
                    watch.work(reader.rule, || caught.take(reader, matcher, texts));
                }
                Early::Template(template) if caught.has_all(&template.wanted) => {
                    let mut texts = Texts::new(reader.place.texts(scene));
                    watch.work(reader.rule, || {
                        examine(reader, template, &mut caught, &mut texts, scratch, hits);
                    });
                }
                Early::Template(_) => {}
            }
        }
        caught
    }
}

impl Fillable {
    /// From rules, of which those that read the same texts stand together.
    fn all(templates: Vec<(Reader, Template)>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (reader, template) in templates {
            match all.last_mut().filter(|last| last.reads(&reader.place)) {
                Some(last) => last.rules.push((reader, template)),
                None => all.push(Self {
                    rules: vec![(reader, template)],
                    prefilter: Prefilter::default(),
                }),
            }
        }
        all.iter_mut().for_each(Self::prepare);
        all
    }

    fn reads(&self, place: &Place) -> bool {
        self.rules.first().is_some_and(|(reader, _)| reader.place == *place)
    }

    fn prepare(&mut self) {
        let Some((first, _)) = self.rules.first() else { return };
        let genre = first.place.genre();
        let mut prefilter = prefilter::Builder::new(genre);
        for (reader, template) in &self.rules {
            // That nothing matches is a hit as well.
            let literals = (!reader.negated).then(|| template.literals(genre)).flatten();
            prefilter.add(literals);
        }
        self.prefilter = prefilter.build();
    }

    /// The rules that could match one of the texts.
    fn candidates(
        &self,
        texts: &Texts<'_>,
        scratch: &mut prefilter::Scratch,
    ) -> Vec<&(Reader, Template)> {
        let texts = texts.texts.iter().map(AsRef::as_ref);
        let numbers = self.prefilter.candidates_in_any(texts, scratch).into_iter();
        numbers.filter_map(|number| self.rules.get(index(number))).collect()
    }
}

/// Runs one rule whose tags are there.
fn examine(
    reader: &Reader,
    template: &Template,
    caught: &mut Caught,
    texts: &mut Texts<'_>,
    scratch: &mut Scratch,
    hits: &mut Hits,
) {
    let place = reader.place.name();
    let needed = template.needed.iter();
    needed.for_each(|tag| texts.look_for(tag, caught.values(tag)));
    let possible: Vec<&[u8]> = texts
        .having(&template.needed)
        .skip_while(|(at, _)| reader.skips_first && *at == 0)
        .map(|(_, text)| text)
        .filter(|text| template.could_match(text))
        .collect();
    if possible.is_empty() {
        if reader.negated {
            hits.add_unmatched(reader.rule, &place, reader.reported);
        }
        return;
    }
    let Ok(pattern) = template.compile(|tag| caught.values(tag)) else {
        hits.give_up(reader.rule);
        return;
    };
    let catching = pattern.catching().ok().flatten();
    // What stands first has been seen to.
    let reader = Reader { skips_first: false, ..reader.clone() };
    let mut alone = Builder::default();
    alone.add(pattern, |matcher| reader.probe(matcher));
    alone.build().examine(&place, possible.iter().copied(), scratch, hits, &mut Unwatched);
    if let Some(matcher) = catching.filter(|_| hits.count(reader.rule) > 0) {
        caught.take(&reader, &matcher, possible);
    }
}

impl Reader {
    /// The rule's probe.
    pub(super) fn probe(&self, matcher: Matcher) -> Probe {
        Probe {
            rule: self.rule,
            matcher,
            negated: self.negated,
            most_hits: self.most_hits,
            skips_first: self.skips_first,
            reported: self.reported,
            cost: Probe::UNFILTERED,
            waits: false,
            run: None,
        }
    }
}

/// Texts, and in which of them values stand.
struct Texts<'t> {
    texts: Vec<Cow<'t, [u8]>>,
    /// By tag, for each text.
    has: HashMap<String, Vec<bool>>,
}

impl<'t> Texts<'t> {
    fn new(texts: Vec<Cow<'t, [u8]>>) -> Self {
        Self { texts, has: HashMap::new() }
    }

    /// Whether one of them could match a pattern if the values were right.
    fn could_match(&self, template: &Template) -> bool {
        self.texts.iter().any(|text| template.could_match(text))
    }

    /// Finds the texts in which one of the values of a tag stands, unless they are known.
    fn look_for(&mut self, tag: &str, values: &[Vec<u8>]) {
        if !self.has.contains_key(tag) {
            let has = |text: &Cow<'_, [u8]>| values.iter().any(|value| contains(text, value));
            self.has.insert(tag.to_owned(), self.texts.iter().map(has).collect());
        }
    }

    /// The texts that have values of all these tags, with their numbers.
    fn having(&self, tags: &[String]) -> impl Iterator<Item = (usize, &[u8])> {
        let has = |at: usize, tag: &String| {
            self.has.get(tag).and_then(|has| has.get(at)).copied().unwrap_or_default()
        };
        let texts = self.texts.iter().map(AsRef::as_ref).enumerate();
        texts.filter(move |(at, _)| tags.iter().all(|tag| has(*at, tag)))
    }
}

/// Whether a value stands in a text, ASCII case apart; bytes beyond ASCII stand for any such: some
/// of them have two cases as well.
fn contains(text: &[u8], value: &[u8]) -> bool {
    let Some((&first, rest)) = value.split_first() else { return true };
    let alike = |a: u8, b: u8| a.eq_ignore_ascii_case(&b) || !a.is_ascii() && !b.is_ascii();
    let here = |at: usize| {
        let found = text.get(at + 1..).and_then(|behind| behind.get(..rest.len()));
        found.is_some_and(|found| found.iter().zip(rest).all(|(&a, &b)| alike(a, b)))
    };
    if !first.is_ascii() {
        return (0..text.len()).any(|at| text.get(at).is_some_and(|b| !b.is_ascii()) && here(at));
    }
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    memchr::memchr2_iter(lower, upper, text).any(here)
}

/// What was caught in one message, by tag.
#[derive(Debug, Default)]
struct Caught(HashMap<String, Vec<Vec<u8>>>);

impl Caught {
    /// The values of a tag, each once.
    fn values(&self, tag: &str) -> &[Vec<u8>] {
        self.0.get(tag).map(Vec::as_slice).unwrap_or_default()
    }

    fn has_all(&self, tags: &[String]) -> bool {
        tags.iter().all(|tag| !self.values(tag).is_empty())
    }

    /// Takes what a rule that has hit catches: in as many matches as it counts.
    fn take<'t>(
        &mut self,
        reader: &Reader,
        matcher: &Matcher,
        texts: impl IntoIterator<Item = &'t [u8]>,
    ) {
        let mut new: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
        let mut left = reader.most_hits;
        for text in texts.into_iter().skip(usize::from(reader.skips_first)) {
            let mut from = 0;
            while left > 0
                && let Ok(Some(catch)) = matcher.catch(text, from)
            {
                left -= 1;
                from = catch.next;
                for (tag, value) in catch.tags(text) {
                    let values = new.entry(tag.to_owned()).or_default();
                    let value = value.filter(|value| !values.iter().any(|other| other == value));
                    values.extend(value.map(<[u8]>::to_vec));
                }
            }
        }
        new.values_mut().for_each(bound);
        self.0.extend(new);
    }
}

/// Leaves out the longest values, if they are too much together.
fn bound(values: &mut Vec<Vec<u8>>) {
    let mut sizes: Vec<usize> = values.iter().map(Vec::len).collect();
    sizes.sort_unstable();
    let mut sum = 0usize;
    let fits = |size: &&usize| {
        sum = sum.saturating_add(**size);
        sum <= MOST_BYTES
    };
    let count = sizes.iter().take_while(fits).count();
    let longest = count.checked_sub(1).and_then(|at| sizes.get(at)).copied().unwrap_or(0);
    values.retain(|value| value.len() <= longest);
    values.truncate(count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_whatever_their_case() {
        for (text, value, expected) in [
            ("x me@a.example", "ME@A.example", true),
            ("x me@a.exampl", "me@a.example", false),
            ("", "a", false),
            ("anything", "", true),
            ("mmme", "ME", true),
            ("caf\u{e9}", "CAF\u{c9}", true),
            ("\u{e9}t", "\u{c9}T", true),
            ("et", "\u{e9}t", false),
        ] {
            let bytes =
                |text: &str| text.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<_>>();
            assert_eq!(contains(&bytes(text), &bytes(value)), expected, "{text} {value}");
        }
    }

    #[test]
    fn the_longest_values_are_left_out() {
        for (sizes, expected) in [
            (vec![], vec![]),
            (vec![5000], vec![]),
            (vec![4000, 10, 90], vec![10, 90]),
            (vec![2048, 2048, 2048], vec![2048, 2048]),
            (vec![3000, 1000], vec![3000, 1000]),
        ] {
            let mut values: Vec<Vec<u8>> = sizes.iter().map(|&size| vec![b'x'; size]).collect();
            bound(&mut values);
            assert_eq!(values.iter().map(Vec::len).collect::<Vec<_>>(), expected, "{sizes:?}");
        }
    }
}
