//! SpamAssassin's side: `answers.pl` in a process of its own.

use std::{fs, net::SocketAddr, path::Path, process::Command, time::Duration};

/// Its options beside those of the Debian package: nothing learned.
const SITE: &str = "required_score 5.0
report_safe 0
use_bayes 0
bayes_auto_learn 0
use_razor2 0
use_pyzor 0
";

/// No network.
const LOCAL: &str = "skip_rbl_checks 1
skip_uribl_checks 1
dns_available no
";

/// The package's plugin lists.
const PACKAGE: &str = "/etc/spamassassin";

/// Which messages it is asked about, and by which rules.
#[derive(Debug)]
pub(crate) struct Question<'q> {
    /// The folder of the stock rules.
    pub(crate) rules: &'q Path,
    /// Lines `label<TAB>path`.
    pub(crate) index: &'q Path,
    /// Where the paths begin.
    pub(crate) root: &'q Path,
    /// Only each so many lines count.
    pub(crate) every: usize,
    /// The name server that network rules ask; none: local tests only.
    pub(crate) server: Option<SocketAddr>,
    /// Further lines of its `local.cf`.
    pub(crate) site: &'q str,
}

/// What it took.
#[derive(Debug)]
pub(crate) struct Cpu {
    /// CPU time of reading the rules.
    pub(crate) loading: Duration,
    /// CPU time of judging all messages.
    pub(crate) judging: Duration,
    /// The most memory it held, in KiB.
    pub(crate) peak: u64,
}

/// Asks about all messages; the answers go to `file` and the one beside it. `folder` is scratch.
pub(crate) fn ask(question: &Question<'_>, folder: &Path, file: &Path) -> Cpu {
    let site = folder.join("site");
    fs::create_dir(&site).unwrap();
    let dns = match question.server {
        Some(server) => {
            format!("dns_available yes\ndns_server [{}]:{}\n", server.ip(), server.port())
        }
        None => LOCAL.to_owned(),
    };
    fs::write(site.join("local.cf"), format!("{SITE}{dns}{}", question.site)).unwrap();
    for entry in fs::read_dir(PACKAGE).expect("Debian's package spamassassin") {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "pre") {
            fs::copy(&path, site.join(path.file_name().unwrap())).unwrap();
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/spamassassin/answers.pl");
    let output = Command::new("perl")
        .arg(script)
        .args([question.rules, &site, question.index, question.root])
        .arg(question.every.max(1).to_string())
        .arg(file)
        .args(question.server.iter().flat_map(|s| [s.ip().to_string(), s.port().to_string()]))
        .output()
        .expect("perl");
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "answers.pl: {}\n{talk}", output.status);
    read(&String::from_utf8_lossy(&output.stdout))
}

fn read(text: &str) -> Cpu {
    let figure = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let figure = line.and_then(|rest| rest.trim().parse::<f64>().ok());
        figure.unwrap_or_else(|| panic!("answers.pl printed no figure for {name}: {text}"))
    };
    Cpu {
        loading: Duration::from_secs_f64(figure("loading")),
        judging: Duration::from_secs_f64(figure("judging")),
        peak: figure("peak") as u64,
    }
}
