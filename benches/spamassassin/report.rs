//! What is printed.

use crate::{
    Mail, Options,
    answers::Answer,
    comparison::{Comparison, Part, Tally},
    figures::Table,
    ours::Ours,
    theirs::Cpu,
};

const RULES: Part = |answer| &answer.rules;
const SUB_RULES: Part = |answer| &answer.sub_rules;

/// How well the sides agree, and on which rules they do not.
pub(crate) fn accuracy(comparison: &Comparison<'_>, options: &Options) {
    let (worst, messages) = (options.worst, comparison.messages.len());
    let what = match (options.authentication, options.network) {
        (true, _) => "of SPF, DKIM, ARC and DMARC, and built upon them",
        (_, true) => "that lists decide",
        _ => "that need no network",
    };
    println!("\n{messages} messages, rules {what}");
    figures(comparison, RULES);
    if options.network || options.authentication {
        let hit = comparison.messages.iter().filter(|(_, theirs, _)| !theirs.rules.is_empty());
        println!("  messages that hit any:            {}", share(hit.count(), messages));
    } else {
        let same = share(comparison.same_scores(), messages);
        println!("  score equal within 0.05:          {same}");
    }
    list_worst(comparison, "rules", RULES, worst);
    if options.sub {
        println!("\nSub-rules");
        figures(comparison, SUB_RULES);
        list_worst(comparison, "sub-rules", SUB_RULES, worst);
    }
}

fn figures(comparison: &Comparison<'_>, part: Part) {
    let sum: Tally = comparison.by_rule(part).into_values().sum();
    println!("  precision over message and rule:  {}", share(sum.both, sum.both + sum.extra));
    println!("  recall over message and rule:     {}", share(sum.both, sum.both + sum.missed));
    let same = share(comparison.same_sets(part), comparison.messages.len());
    println!("  messages with the same set:       {same}");
}

/// `99.52 % (3981 of 4000)`
fn share(part: usize, whole: usize) -> String {
    format!("{:.2} % ({part} of {whole})", 100.0 * part as f64 / whole.max(1) as f64)
}

fn list_worst(comparison: &Comparison<'_>, what: &str, part: Part, most: usize) {
    let rules = comparison.by_rule(part);
    let mut rules: Vec<_> = rules.into_iter().filter(|(_, tally)| tally.differs() > 0).collect();
    rules.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.differs()));
    println!("\n{} {what} differ somewhere; the worst:", rules.len());
    let mut table = Table::new(&["", "both", "missed", "extra"]);
    for (rule, Tally { both, missed, extra }) in rules.into_iter().take(most) {
        table.row([rule.to_owned(), both.to_string(), missed.to_string(), extra.to_string()]);
    }
    table.print();
}

/// How well the sides agree where no difference is explained.
pub(crate) fn explained(unexplained: &Comparison<'_>) {
    let same = share(unexplained.same_sets(RULES), unexplained.messages.len());
    println!("\n  the same set, explained differences aside: {same}");
}

/// How every rule did.
pub(crate) fn rules(comparison: &Comparison<'_>) {
    println!();
    let mut table = Table::new(&["", "both", "only SpamAssassin", "only gatepost"]);
    for (rule, Tally { both, missed, extra }) in comparison.by_rule(RULES) {
        table.row([rule.to_owned(), both.to_string(), missed.to_string(), extra.to_string()]);
    }
    table.print();
}

/// The messages on which one rule differs.
pub(crate) fn rule(comparison: &Comparison<'_>, rule: &str) {
    println!("\n{rule}");
    let hits = |answer: &Answer| answer.rules.contains(rule) || answer.sub_rules.contains(rule);
    for &(path, theirs, ours) in &comparison.messages {
        match (hits(theirs), hits(ours)) {
            (true, false) => println!("  missed  {path}"),
            (false, true) => println!("  extra   {path}"),
            _ => {}
        }
    }
}

/// What differs, message by message.
pub(crate) fn messages(comparison: &Comparison<'_>) {
    println!();
    for &(path, theirs, ours) in &comparison.messages {
        if theirs.rules == ours.rules {
            continue;
        }
        let missed = theirs.rules.difference(&ours.rules).map(|rule| format!("-{rule}"));
        let extra = ours.rules.difference(&theirs.rules).map(|rule| format!("+{rule}"));
        let differences: Vec<String> = missed.chain(extra).collect();
        println!("{path}\t{:.3}\t{:.3}\t{}", theirs.score, ours.score, differences.join(" "));
    }
}

/// CPU time a message.
pub(crate) fn cpu(ours: &Ours, theirs: Option<&Cpu>, mails: &[Mail]) {
    let kilobytes = mails.iter().map(|mail| mail.raw.len()).sum::<usize>() as f64 / 1_000.0;
    let mean = kilobytes / mails.len() as f64;
    println!("\nCPU a message, one thread: {} messages, mean {mean:.1} kB", mails.len());
    if cfg!(debug_assertions) {
        println!("  (not optimised: no figures to compare)");
    }
    let mut table = Table::new(&["", "µs", "× mail-parser", "to load, s"]);
    let mut row = |name: &str, micros: f64, loading: Option<f64>| {
        let loading = loading.map_or_else(String::new, |seconds| format!("{seconds:.2}"));
        let ratio = format!("{:.1}", micros / ours.bare_parse);
        table.row([name.to_owned(), format!("{micros:.0}"), ratio, loading]);
    };
    row("mail-parser, bare parse", ours.bare_parse, None);
    row("gatepost, bytes to findings", ours.judging, Some(ours.loading.as_secs_f64()));
    let their_micros = theirs.map(|cpu| cpu.judging.as_secs_f64() * 1e6 / mails.len() as f64);
    if let (Some(cpu), Some(micros)) = (theirs, their_micros) {
        row("SpamAssassin, bytes to findings", micros, Some(cpu.loading.as_secs_f64()));
    }
    table.print();
    if let (Some(cpu), Some(micros)) = (theirs, their_micros) {
        println!(
            "  SpamAssassin takes {:.0} times as long; it held {} MiB",
            micros / ours.judging,
            cpu.peak >> 10
        );
    }
}
