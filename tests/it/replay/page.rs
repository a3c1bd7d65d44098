//! The page of a report in Chromium. Left out of the usual run, since a browser is 300 MB:
//! `apt-get install chromium`, then `tests/run.sh --test it replay::page -- --ignored`.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    sync::mpsc,
    thread,
};

use super::Samples;

/// What a browser did with a page.
struct Opened {
    /// The document, after its script.
    document: String,
    /// What the console shows.
    console: Vec<String>,
    /// Something was asked for over the network.
    asked: bool,
}

/// Where the browser calls by itself, whatever its options.
const ITS_MAKER: &str = "*.google.com;*.googleapis.com;*.gstatic.com;*.gvt1.com";

/// Opens a page, with a proxy that only notices that somebody calls.
fn open(page: &Path) -> Opened {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let (caller, callers) = mpsc::channel();
    // Hangs up at once, that the page need not wait; goes with this process.
    thread::spawn(move || proxy.incoming().try_for_each(|_| caller.send(())));
    let profile = tempfile::tempdir().unwrap();
    let Output { stdout, stderr, status } = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update"])
        .args(["--enable-logging=stderr", "--v=0", "--dump-dom", "--virtual-time-budget=2000"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--proxy-server={address}"))
        .arg(format!("--proxy-bypass-list={ITS_MAKER}"))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("chromium is installed");
    assert!(status.success(), "{status}");
    let talk = String::from_utf8_lossy(&stderr);
    Opened {
        document: String::from_utf8(stdout).unwrap(),
        console: talk.lines().filter(|l| l.contains("CONSOLE")).map(str::to_owned).collect(),
        asked: callers.try_recv().is_ok(),
    }
}

/// A page of mail whose file names are hostile, with another configuration beside.
fn page(samples: &Samples) -> String {
    samples
        .write("other.toml", samples.configuration("rules.cf", "[profile.external]\nmark = 3.0\n"));
    let name = "ham/<img src=http:x onerror=alert(1)>\"&amp;\u{202e}'<script>.eml";
    fs::rename(samples.path().join("ham/6.eml"), samples.path().join(name)).unwrap();
    let mail = ["--spam", "spam", "--ham", "ham", "--against", "other.toml"];
    let output = samples.replay(&[&mail[..], &["--report", "page.html"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    fs::read_to_string(samples.path().join("page.html")).unwrap()
}

#[test]
fn a_page_is_written_beside_what_is_printed() {
    let samples = Samples::new();
    let page = page(&samples);
    assert!(
        page.contains("What would change") && page.contains("<strong>1</strong> of 8 messages")
    );
    assert!(page.contains("ham/&lt;img src=http:x onerror=alert(1)&gt;&quot;&amp;amp;\\u{202e}'"));
    let output = samples.replay(&["--spam", "spam", "--report", "no/such/folder.html"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(!output.stdout.is_empty(), "what was replayed is not lost");
}

#[test]
#[ignore = "needs chromium"]
fn a_browser_has_nothing_to_complain_of() {
    let samples = Samples::new();
    let page = page(&samples);
    let opened = open(&samples.path().join("page.html"));
    assert_eq!(opened.console, [""; 0]);
    assert!(!opened.asked);
    assert!(opened.document.contains("<button type=\"button\">rule</button>"), "the script ran");
    assert!(!opened.document.contains("<img"));

    // What this test looks for is seen where it is.
    let broken =
        page.replace("</script></body>", " </script><img src=\"http://example.org/\"></body>");
    samples.write("broken.html", broken.replace("img-src data:", "img-src *"));
    let opened = open(&samples.path().join("broken.html"));
    assert!(opened.console.iter().any(|line| line.contains("script-src")), "{:?}", opened.console);
    assert!(opened.asked);
    assert!(!opened.document.contains("<button"));
}
