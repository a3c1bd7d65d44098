use super::super::{super::RuleSet, scenes};

#[test]
fn lists_are_asked() {
    scenes::check(include_str!("lists.scenes"));
}

#[test]
fn a_list_must_be_there() {
    let rules = RuleSet::parse(&[("x.cf", "header A eval:check_from_in_list('NONE')\n")]);
    let complaints: Vec<_> = rules.complaints().iter().map(ToString::to_string).collect();
    assert_eq!(
        complaints,
        [
            "x.cf:1: A: eval:check_from_in_list: argument 1: there is no list `NONE`; the rule is left out"
        ]
    );
}
