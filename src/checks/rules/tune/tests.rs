//! Fits on generated messages, where the right scores are known.

use proptest::prelude::*;
use rand::{SeedableRng as _, rngs::StdRng};

use super::{fit::THRESHOLD, *};
use crate::verdict::Label;

fn rules(scores: &[f64]) -> RuleSet {
    let lines = scores.iter().enumerate();
    let text: String =
        lines.map(|(n, score)| format!("body R{n} /x{n}/\nscore R{n} {score}\n")).collect();
    RuleSet::parse(&[("generated.cf", text)])
}

/// Messages whose label is drawn with the odds that `planted` scores give them; each rule hits
/// `share` of them.
fn messages(planted: &[f64], count: u64, share: f64, seed: u64) -> HitMatrix {
    let names = (0..planted.len()).map(|n| format!("R{n}").as_str().into());
    let mut matrix = HitMatrix::new(names.collect());
    let mut dice = StdRng::seed_from_u64(seed);
    for digest in 0..count {
        let hits: Vec<u32> =
            (0..).take(planted.len()).filter(|_| dice.random::<f64>() < share).collect();
        let score: f64 = hits.iter().map(|&hit| planted[at(hit)]).sum();
        let odds = 1.0 / (1.0 + (THRESHOLD.as_f64() - score).exp());
        let label = if dice.random::<f64>() < odds { Label::Spam } else { Label::Ham };
        matrix.push(label, 0, digest, &hits);
    }
    matrix
}

/// The messages of a matrix in another order.
fn turned(matrix: &HitMatrix, by: usize) -> HitMatrix {
    let mut turned = HitMatrix::new(matrix.rules().to_vec());
    let rows = matrix.rows();
    for row in rows.iter().cycle().skip(by).take(rows.len()) {
        turned.push(row.label, row.corpus, row.digest, matrix.hits(row));
    }
    turned
}

fn new_scores(tuning: &Tuning) -> Vec<f64> {
    tuning.changes.iter().map(|change| change.new.as_f64()).collect()
}

#[test]
fn planted_scores_are_found() {
    let planted = [3.0, 2.0, 1.0, 4.0, -1.5, 0.5, 2.5, -3.0];
    let set = rules(&[1.0, 1.0, 1.0, 1.0, -1.0, 1.0, 1.0, -1.0]);
    let options =
        Options { ham_weight: 1.0, stray: 100.0, most: "9".parse().unwrap(), ..Options::default() };
    let tuning = tune(&messages(&planted, 40_000, 0.5, 1), &set, &options);
    for (change, planted) in tuning.changes.iter().zip(planted) {
        let off = (change.new.as_f64() - planted).abs();
        assert!(off < 0.12, "{}: {} for {planted}", change.name, change.new);
    }
    let Validation { before, after, .. } = &tuning.validation;
    assert!(after.misses.percent < before.misses.percent);
}

#[test]
fn little_evidence_moves_little() {
    let set = rules(&[1.0, 1.0]);
    let mut matrix = HitMatrix::new(["R0", "R1"].map(Name::from).to_vec());
    for digest in 0..1000 {
        // Eight ham messages hit R0 twice over, as copies; a thousand spams hit R1.
        matrix.push(Label::Ham, 0, digest % 8, &[0]);
        matrix.push(Label::Spam, 0, 10_000 + digest, &[1]);
    }
    let options = Options { fewest_hits: 9, ..Options::default() };
    let tuning = tune(&matrix, &set, &options);
    let [copied, sure] = &tuning.changes[..] else { panic!("two rules") };
    assert_eq!((copied.status, copied.old), (Status::Rare, copied.new));
    assert_eq!(sure.new, Options::default().most);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn limits_order_and_seed_are_kept(
        seed: u64,
        planted in prop::collection::vec(-6.0..8.0_f64, 3..12),
        present in prop::collection::vec(prop_oneof![-3.0..-0.01_f64, 0.01..4.0_f64], 12),
        frozen in 0..12_usize,
        ham_weight in 0.1..50.0_f64,
    ) {
        let set = rules(&present[..planted.len()]);
        let matrix = messages(&planted, 400, 0.3, seed);
        let frozen_name = Name::from(format!("R{frozen}").as_str());
        let options = Options {
            folds: 3,
            seed,
            ham_weight,
            frozen: HashSet::from([frozen_name.clone()]),
            ..Options::default()
        };
        let tuning = tune(&matrix, &set, &options);
        for change in &tuning.changes {
            let (old, new) = (change.old.as_f64(), change.new.as_f64());
            prop_assert!(new != 0.0 && (old < 0.0) == (new < 0.0), "{}: {old} {new}", change.name);
            prop_assert!(change.new >= options.least && change.new <= options.most);
            if change.name == frozen_name {
                prop_assert_eq!(change.old, change.new);
            }
        }
        prop_assert_eq!(&tune(&matrix, &set, &options), &tuning, "the same again");
        prop_assert_eq!(&tune(&turned(&matrix, 17), &set, &options), &tuning, "whatever the order");
    }

    /// No score within the limits is better than the one that was found.
    #[test]
    fn nothing_near_is_better(seed: u64, planted in prop::collection::vec(-3.0..6.0_f64, 4)) {
        let set = rules(&[1.0, 2.0, -1.0, 0.5]);
        let matrix = messages(&planted, 300, 0.4, seed);
        let options = Options { folds: 2, ..Options::default() };
        let tuning = tune(&matrix, &set, &options);
        let best = new_scores(&tuning);
        let sample = Sample::of(&matrix, |_, _| true);
        let rules = Tunable::of(&matrix, &set, &options);
        let all = rules.limits(&sample, &options);
        let least = loss(&matrix, &all, &options, &best);
        for (rule, limits) in all.iter().enumerate() {
            for step in [-0.1, 0.1] {
                let mut other = best.clone();
                other[rule] = (other[rule] + step).clamp(limits.low, limits.high);
                // Scores are rounded, which costs a little where a limit holds them.
                prop_assert!(loss(&matrix, &all, &options, &other) > least - 0.05, "R{rule} {step}");
            }
        }
    }
}

/// What the fit makes as small as it can, worked out message by message.
fn loss(matrix: &HitMatrix, limits: &[Limits], options: &Options, scores: &[f64]) -> f64 {
    let of_message = |row: &Row| {
        let score: f64 = matrix.hits(row).iter().map(|&hit| scores[at(hit)]).sum();
        let margin = score - THRESHOLD.as_f64();
        match row.label {
            Label::Spam => (-margin).exp().ln_1p(),
            Label::Ham => options.ham_weight * margin.exp().ln_1p(),
        }
    };
    let strayed =
        |(limits, score): (&Limits, &f64)| ((score - limits.present) / options.stray).powi(2) / 2.0;
    let messages: f64 = matrix.rows().iter().map(of_message).sum();
    messages + limits.iter().zip(scores).map(strayed).sum::<f64>()
}

#[test]
fn a_score_file_reads_back() {
    let planted = [3.0, -2.0, 1.0, 2.0];
    let set = rules(&[1.0, -1.0, 1.0, 1.0]);
    let frozen = HashSet::from([Name::from("R2")]);
    let options = Options { folds: 2, frozen, ..Options::default() };
    let tuning = tune(&messages(&planted, 2_000, 0.5, 3), &set, &options);
    let text = score_file(&tuning, "gatepost rules tune");
    assert!(text.contains("#   gatepost rules tune\n") && !text.contains("R2"), "{text}");
    let mut files = vec![("generated.cf", String::new())];
    let lines = set.list().map(|rule| format!("body {} /x/\n", rule.name));
    files[0].1 = lines.chain(["score R2 1.0\n".to_owned()]).collect();
    files.push(("scores.cf", text));
    let again = RuleSet::parse(&files);
    assert!(again.complaints().is_empty(), "{:?}", again.complaints());
    let scores: Vec<_> = again.list().map(|rule| rule.score.as_f64()).collect();
    assert_eq!(scores, new_scores(&tuning));
}

/// `cargo test --release --lib tune::tests::speed -- --ignored --nocapture`
#[test]
#[ignore = "a figure for people: 100,000 messages by 2,000 rules"]
#[allow(clippy::print_stdout, reason = "the figure is for the person watching")]
fn speed() {
    let mut dice = StdRng::seed_from_u64(7);
    let planted: Vec<f64> = (0..2_000).map(|_| dice.random::<f64>() * 2.0 - 0.6).collect();
    let present: Vec<f64> = planted.iter().map(|s| if *s < 0.0 { -0.5 } else { 0.5 }).collect();
    let matrix = messages(&planted, 100_000, 0.01, 5);
    let hits: usize = matrix.rows().iter().map(|row| matrix.hits(row).len()).sum();
    let set = rules(&present);
    let begun = std::time::Instant::now();
    let tuning = tune(&matrix, &set, &Options::default());
    let took = begun.elapsed().as_secs_f64();
    let spam = tuning.validation.before.misses.of;
    println!("100,000 messages ({spam} spam), 2,000 rules, {hits} hits: {took:.1} s");
}
