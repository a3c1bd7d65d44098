//! Which of the four scores of a rule counts.

/// What there is besides the rules themselves: it decides which of the four scores of a `score`
/// line counts, and which rules are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreSet {
    /// Questions to the network are asked. Without, rules with `tflags net` that call functions
    /// are not run, and `local_tests_only` holds.
    pub net: bool,
    /// A Bayes filter has learnt enough to be asked. Without, functions under `tflags learn` are
    /// not run.
    pub bayes: bool,
}

impl Default for ScoreSet {
    /// With network, without Bayes.
    fn default() -> Self {
        Self { net: true, bayes: false }
    }
}

impl ScoreSet {
    /// The one of four numbers that counts: neither, network, Bayes, both.
    pub(super) fn pick<T: Copy>(self, [neither, net, bayes, both]: [T; 4]) -> T {
        match (self.net, self.bayes) {
            (false, false) => neither,
            (true, false) => net,
            (false, true) => bayes,
            (true, true) => both,
        }
    }
}
