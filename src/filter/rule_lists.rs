//! What rules ask of the network, as definitions of lists. Pure.
//!
//! Rules that ask one zone the same share a definition, so each question is asked once. Findings bear
//! the rules' names, and weigh what the rules weigh.

use crate::{
    checks::{
        lists::{About, Code, Definition, Digest, Findings, Hops, Normal, Only, TextPattern},
        rules::{
            Scope,
            network::{Answer, Asked, Key, Links, Network, Question, Subject},
        },
    },
    dns::Kind,
    verdict::Name,
};

/// The most relays that one list is asked about, as in SpamAssassin.
const MOST_RELAYS: usize = 9;
/// The most digests, where a rule does not say.
const MOST_DIGESTS: usize = 10;

/// The lists that the rules want asked, but for findings that others make already.
pub fn rule_lists(network: &Network, made: &[&Name]) -> Vec<Definition> {
    let mut lists = Lists::default();
    for question in &network.questions {
        lists.ask(network, question);
    }
    for question in &network.questions {
        if let Asked::Part { set, answer } = &question.asked {
            lists.add_part(set, code(&question.rule, Some(answer)), &question.rule);
        }
    }
    let mut definitions = lists.definitions;
    definitions.iter_mut().for_each(|list| list.findings.leave_out(made));
    definitions.retain(|list| !list.findings.is_empty() && is_askable(list));
    definitions
}

/// What cannot be asked is left out, but never quietly.
fn is_askable(list: &Definition) -> bool {
    if !list.is_askable() {
        tracing::warn!(zone = list.zone, "rules ask what cannot be asked");
    }
    list.is_askable()
}

#[derive(Default)]
struct Lists {
    definitions: Vec<Definition>,
    /// Sets of relays, and the definition that each is asked by.
    sets: Vec<(String, usize)>,
}

impl Lists {
    fn ask(&mut self, network: &Network, question: &Question) {
        let rule = &question.rule;
        match &question.asked {
            Asked::Links(links) => {
                let findings = found(rule, links.answer.as_ref());
                for about in about_links(links.key, question.scope) {
                    let list = of_links(links, about, question.scope, findings.clone());
                    self.add(Definition { most: network.most_domains.max(1), ..list });
                }
            }
            Asked::Template { name, records, answer } => {
                for kind in records.iter().filter_map(|record| record.parse::<Kind>().ok()) {
                    let findings = found(rule, answer.as_ref());
                    let list = of_rules(name.clone(), About::Template, findings);
                    self.add(Definition { records: kind, ..list });
                }
            }
            Asked::List { subject, zone, record, answer } => {
                let list = of_rules(zone.clone(), About::Trace, found(rule, answer.as_ref()));
                let records = record.parse().unwrap_or_default();
                let list = Definition { records, only: only(question.scope), ..list };
                let place = self.add(of_subject(subject, question.nice, list));
                if let Subject::Relays { set } = subject {
                    self.sets.push((set.clone(), place));
                }
            }
            Asked::Part { .. } => {}
        }
    }

    /// Adds a definition to the one that asks the same, if there is one; says where it stands.
    fn add(&mut self, list: Definition) -> usize {
        let same = self.definitions.iter().position(|known| known.asks_the_same(&list));
        let place = same.unwrap_or(self.definitions.len());
        match self.definitions.get_mut(place) {
            Some(known) => known.findings.extend(list.findings),
            None => self.definitions.push(list),
        }
        place
    }

    fn add_part(&mut self, set: &str, code: Code, rule: &Name) {
        let mut places: Vec<usize> =
            self.sets.iter().filter(|(known, _)| known == set).map(|(_, place)| *place).collect();
        places.dedup();
        for place in places {
            if let Some(list) = self.definitions.get_mut(place) {
                list.findings.push(code.clone(), rule.clone());
            }
        }
    }
}

/// A list as rules name one: of its health, it proves only that it does not list the world.
fn of_rules(zone: String, about: About, findings: Findings) -> Definition {
    let list = Definition::new(zone, about, findings);
    Definition { by_message: true, test_entry: Some(false), ..list }
}

fn of_links(links: &Links, about: About, scope: Scope, findings: Findings) -> Definition {
    let list = of_rules(links.zone.clone(), about, findings);
    Definition { records: links.record.parse().unwrap_or_default(), only: only(scope), ..list }
}

fn about_links(key: Key, scope: Scope) -> Vec<About> {
    match key {
        Key::Domain if scope.whole_hosts => vec![About::UriHost],
        Key::Domain => vec![About::UriDomain],
        Key::NameServerDomain => vec![About::NameServerDomain],
        Key::NameServerHost => vec![About::NameServerHost],
        Key::Address => match (scope.addresses, scope.name_servers) {
            (true, true) => vec![About::UriAddress, About::NameServerAddress],
            (true, false) => vec![About::UriAddress],
            (false, _) => vec![About::NameServerAddress],
        },
    }
}

fn only(scope: Scope) -> Only {
    match (scope.domains_only, scope.ips_only) {
        (_, true) => Only::Addresses,
        (true, false) => Only::Names,
        (false, false) => Only::Both,
    }
}

fn of_subject(subject: &Subject, nice: bool, list: Definition) -> Definition {
    match subject {
        Subject::Relays { set } => {
            Definition { hops: hops(set), allow: nice, most: MOST_RELAYS, ..list }
        }
        Subject::Sender => Definition { about: About::Sender, ..list },
        Subject::Senders => Definition { about: About::Senders, ..list },
        Subject::SendersRegistered => {
            Definition { about: About::Senders, registered: true, ..list }
        }
        Subject::Emails { options } => of_digests(About::Email, options, list),
        Subject::Uris { options } => of_digests(About::Uri, options, list),
        Subject::Files { options } => of_digests(About::File, options, list),
    }
}

/// Which relays a set is of, by the end of its name.
fn hops(set: &str) -> Hops {
    const ENDS: [(&str, Hops); 4] = [
        ("-lastexternal", Hops::LastExternal),
        ("-notfirsthop", Hops::NotFirstHop),
        ("-firsttrusted", Hops::FirstUntrusted),
        ("-untrusted", Hops::BehindUntrusted),
    ];
    let named = ENDS.iter().find(|(end, _)| set.ends_with(end));
    named.map_or(Hops::All, |(_, hops)| *hops)
}

/// `sha1/notag/nodot/case/max=10`
fn of_digests(about: About, options: &str, list: Definition) -> Definition {
    let has = |word: &str| options.split('/').any(|option| option.trim() == word);
    let digest = match (has("sha256"), has("md5")) {
        (true, _) => Digest::Sha256,
        (_, true) => Digest::Md5,
        _ => Digest::Sha1,
    };
    let most =
        options.split('/').find_map(|option| option.trim().strip_prefix("max=")?.parse().ok());
    Definition {
        about,
        digest,
        most: most.filter(|most| *most > 0).unwrap_or(MOST_DIGESTS),
        normal: Normal {
            keep_case: has("case"),
            without_tag: has("notag"),
            without_dots: has("nodot"),
        },
        ..list
    }
}

fn found(rule: &Name, answer: Option<&Answer>) -> Findings {
    [(code(rule, answer), rule.clone())].into_iter().collect()
}

fn code(rule: &Name, answer: Option<&Answer>) -> Code {
    match answer {
        None => Code::Any,
        Some(Answer::Bits(bits)) => Code::Bits(*bits),
        Some(Answer::Range(first, last)) => Code::Range((*first).into(), (*last).into()),
        Some(Answer::Masked(wanted, mask)) => Code::Masked(*wanted, *mask),
        Some(Answer::Codes(codes)) => Code::Response(codes.clone()),
        Some(Answer::Text(wanted)) => {
            let text = wanted.clone();
            Code::Text(TextPattern::new(wanted, move |answer| answer == text))
        }
        Some(Answer::Pattern(pattern)) => {
            let pattern = pattern.clone();
            let matches = move |answer: &str| pattern.is_match(answer.as_bytes());
            Code::Text(TextPattern::new(rule.as_str(), matches))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rules::RuleSet;

    fn lists(rules: &str, made: &[&Name]) -> Vec<String> {
        let rules = RuleSet::parse(&[("x.cf", rules)]);
        assert!(rules.complaints().is_empty(), "{:?}", rules.complaints());
        let shown = |list: &Definition| {
            let findings =
                list.findings.iter().map(|found| format!("{}={}", found.code, found.name));
            let findings: Vec<_> = findings.collect();
            let hops =
                if list.about == About::Trace { String::from(list.hops) } else { String::new() };
            let words = [
                list.zone.clone(),
                format!("{:?}", list.about),
                hops,
                list.records.to_string(),
                format!("{:?}", list.only),
                if list.allow { "allow".to_owned() } else { String::new() },
                findings.join(" "),
            ];
            let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
            words.join(" ")
        };
        rule_lists(rules.network(), made).iter().map(shown).collect()
    }

    #[test]
    fn rules_that_ask_the_same_share_a_list() {
        let rules = r"
            header __ZEN eval:check_rbl('zen', 'zen.example.')
            header SBL   eval:check_rbl_sub('zen', '127.0.0.2')
            header XBL   eval:check_rbl('zen-lastexternal', 'zen.example.', '^127\.0\.0\.[45]$')
            header PBL   eval:check_rbl('zen-lastexternal', 'ZEN.example', '8')
            header GOOD  eval:check_rbl('wl-firsttrusted', 'wl.example')
            tflags GOOD  nice net
            header TEXT  eval:check_rbl_txt('t', 't.example', '(?i:listed)')
            header OFF   eval:check_rbl('off', 'off.example')
            score OFF 0
            header LOST  eval:check_rbl_sub('off', '127.0.0.2')";
        assert_eq!(
            lists(rules, &[]),
            [
                "zen.example Trace all A Both *=__ZEN 127.0.0.2=SBL",
                "zen.example Trace last_external A Both /XBL/=XBL &8=PBL",
                "wl.example Trace first_untrusted A Both allow *=GOOD",
                "t.example Trace all TXT Both /TEXT/=TEXT",
            ]
        );
    }

    #[test]
    fn links_are_looked_up_as_the_flags_say() {
        let rules = "
            urirhssub A multi.example. A 2
            body      A eval:check_uridnsbl('A')
            urirhssub B multi.example. A 4
            body      B eval:check_uridnsbl('B')
            urirhsbl  C names.example. TXT
            body      C eval:check_uridnsbl('C')
            tflags    C net domains_only
            uridnssub D zen.example. A 127.0.0.2
            body      D eval:check_uridnsbl('D')
            uridnssub E zen.example. A 127.0.0.2-127.0.0.9
            body      E eval:check_uridnsbl('E')
            tflags    E net a ns
            urinsrhsbl F ns.example. A
            body      F eval:check_uridnsbl('F')";
        assert_eq!(
            lists(rules, &[]),
            [
                "multi.example UriDomain A Both &2=A &4=B",
                "names.example UriDomain TXT Names *=C",
                "zen.example NameServerAddress A Both 127.0.0.2=D 127.0.0.2-127.0.0.9=E",
                "zen.example UriAddress A Both 127.0.0.2-127.0.0.9=E",
                "ns.example NameServerDomain A Both *=F",
            ]
        );
    }

    #[test]
    fn names_of_ones_own_making_and_digests_are_asked_for() {
        let rules = r"
            askdns T _AUTHORDOMAIN_.l.example A,TXT /^127\.2\.0\.2$/
            askdns N _SENDERDOMAIN_ MX [NXDOMAIN]
            header H eval:check_hashbl_emails('ebl.example', 'sha256/notag/max=3')
            header F eval:check_rbl_from_domain('f', 'f.example')";
        assert_eq!(
            lists(rules, &[]),
            [
                "_AUTHORDOMAIN_.l.example Template A Both /T/=T",
                "_AUTHORDOMAIN_.l.example Template TXT Both /T/=T",
                "_SENDERDOMAIN_ Template MX Both [3]=N",
                "ebl.example Email A Both *=H",
                "f.example Senders A Both *=F",
            ]
        );
    }

    #[test]
    fn what_others_find_already_is_not_asked_again() {
        let rules = "
            header A eval:check_rbl('a', 'a.example.')
            header B eval:check_rbl_sub('a', '2')
            header C eval:check_rbl('c', 'c.example.')";
        let (a, c) = (Name::from("A"), Name::from("C"));
        assert_eq!(lists(rules, &[&a, &c]), ["a.example Trace all A Both &2=B"]);
    }

    #[test]
    fn without_the_network_nothing_is_asked() {
        let score_set = crate::checks::rules::ScoreSet { net: false, bayes: false };
        let rules = RuleSet::parse_for(
            &[("x.cf", "header A eval:check_rbl('a', 'a.example.')")],
            score_set,
        );
        assert_eq!(rule_lists(rules.network(), &[]), []);
    }
}
