//! stub
#![allow(missing_docs)]
use crate::{
    checks::Case,
    verdict::{Finding, Points},
};
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub include: Vec<String>,
}
impl Default for Settings {
    fn default() -> Self {
        Self { include: vec!["builtin".into()] }
    }
}
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct RulesError;
#[derive(Debug, Default)]
pub struct RuleSet;
#[derive(Debug, Default)]
pub struct Hits;
#[derive(Debug)]
pub struct Complaint {
    pub severity: Severity,
    pub file: String,
    pub line: usize,
    pub text: String,
}
#[derive(Debug, PartialEq)]
pub enum Severity {
    Note,
    Warning,
    Error,
}
impl std::fmt::Display for Complaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "x")
    }
}
impl RuleSet {
    pub fn parse(_s: &[(&str, &str)]) -> Self {
        Self
    }
    pub fn load(_s: &Settings) -> Result<Self, RulesError> {
        Ok(Self)
    }
    pub fn complaints(&self) -> &[Complaint] {
        &[]
    }
    pub fn weight(&self, _n: &str) -> Option<Points> {
        None
    }
    pub fn examine(&self, _c: &Case) -> Hits {
        Hits
    }
    pub fn conclude(&self, _h: Hits, _o: &[Finding]) -> Vec<Finding> {
        vec![]
    }
}
pub mod cases {
    pub struct CaseResult;
    impl CaseResult {
        pub fn fault(&self) -> Option<String> {
            None
        }
    }
    #[derive(Debug, thiserror::Error)]
    #[error("x")]
    pub struct CasesError;
    pub fn builtin() -> impl Iterator<Item = (&'static str, &'static str)> {
        std::iter::empty()
    }
    pub fn run(_r: &super::RuleSet, _n: &str, _t: &str) -> Result<Vec<CaseResult>, CasesError> {
        Ok(vec![])
    }
}
impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "x")
    }
}
impl RuleSet {
    pub fn list(&self) -> impl Iterator<Item = RuleInfo<'_>> {
        std::iter::empty()
    }
}
pub struct RuleInfo<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    pub score: Points,
    pub file: &'a str,
    pub line: usize,
    pub describe: Option<&'a str>,
}
