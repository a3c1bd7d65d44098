//! What workers cannot do.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead as _, BufReader, ErrorKind},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use gatepost::contents::{
    picture::Ocr,
    pool::{Death, Failure, Settings, StartError, Workers, queue::Lane},
    process::Confinement,
    task::Hold,
};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use crate::{
    pool::{attempt, runtime, settings, soon, workers},
    probe::{Probe, Try},
    procs::{children, lives, members, until},
};

const TESSERACT: &str = "/usr/bin/tesseract";
pub(crate) const TESSDATA: &str = "/usr/share/tesseract-ocr";

const DENIED: &str = "Operation not permitted (os error 1)";

pub(crate) fn ocr() -> Ocr {
    Ocr { program: TESSERACT.into(), ..Ocr::default() }
}

/// Tries each, and that the next task is done whatever becomes of it.
async fn all(workers: &Workers, cases: &[(Probe, &str)]) {
    for (probe, expected) in cases {
        let told = match attempt(workers, probe.clone()).await {
            Ok(Ok(_)) => "done".to_owned(),
            Ok(Err(error)) => error,
            Err(Failure::Crashed { how: Death::Signal(signal), .. }) => format!("signal {signal}"),
            Err(other) => panic!("{probe:?}: {other:?}"),
        };
        assert_eq!(&told, expected, "{probe:?}");
        assert_eq!(attempt(workers, Probe::Echo).await.unwrap(), Ok(String::new()));
    }
}

pub(crate) fn opener() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new").display().to_string();
    let cases = [
        (Probe::ReadFile("/etc/passwd".into()), DENIED),
        (Probe::ReadFile("/proc/self/maps".into()), DENIED),
        (Probe::ReadFolder("/".into()), DENIED),
        (Probe::WriteFile(file.clone()), DENIED),
        (Probe::Signal, DENIED),
        (Probe::Limits, DENIED),
        (Probe::Tcp, "signal 31"),
        (Probe::Udp, "signal 31"),
        (Probe::Pair, "signal 31"),
        (Probe::Exec("/bin/true".into()), "signal 31"),
        (Probe::Start("/bin/true".into(), vec![]), "signal 31"),
        (Probe::Thread, "signal 31"),
        (Probe::Allocate(64 << 20), "done"),
        (Probe::Allocate(4 << 30), "signal 6"),
    ];
    runtime().block_on(async {
        let workers = workers(Confinement::opener(), &settings());
        all(&workers, &cases).await;
        let confined = workers.status().confined.unwrap();
        println!("    here: {confined:?}");
        assert!(confined.is_held());
        let pid = children()[0];
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        assert!(status.contains("Name:\tgatepost-opener"), "{status}");
        assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        for limit in ["Max file size", "Max core file size", "Max processes"] {
            let line = limits.lines().find(|line| line.starts_with(limit)).unwrap();
            let values: Vec<_> = line[limit.len()..].split_whitespace().take(2).collect();
            assert_eq!(values, ["0", "0"], "{line}");
        }
    });
    assert!(!Path::new(&file).exists());
}

pub(crate) fn inherited() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    fcntl(&socket, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    let address = socket.local_addr().unwrap();
    runtime().block_on(async {
        let workers = workers(Confinement::opener(), &settings());
        assert_eq!(attempt(&workers, Probe::Environment).await.unwrap(), Ok("0".into()));
        assert_eq!(workers.status().processes.idle, 1);
        assert!(TcpStream::connect(address).is_ok());
        drop(socket);
        let refused = TcpStream::connect(address).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "nobody has it any more");
    });
}

pub(crate) fn looker() {
    let (program, data) = (TESSERACT, TESSDATA);
    assert!(Path::new(program).exists(), "needs Debian's tesseract-ocr");
    let cases = [
        (Probe::ReadFile("/etc/passwd".into()), "Permission denied (os error 13)"),
        (Probe::ReadFolder("/home".into()), "Permission denied (os error 13)"),
        (Probe::ReadFolder(data.into()), "done"),
        (Probe::ReadFile(program.into()), "done"),
        (Probe::WriteFile("/tmp/new".into()), "Permission denied (os error 13)"),
        (Probe::Tcp, DENIED),
        (Probe::Udp, DENIED),
        (Probe::Pair, DENIED),
        (Probe::Signal, DENIED),
        (Probe::Limits, DENIED),
        (Probe::Exec("/bin/true".into()), "Permission denied (os error 13)"),
        (Probe::Run("/bin/sh".into(), vec![]), "Permission denied (os error 13)"),
        (Probe::Run(program.into(), vec!["--version".into()]), "done"),
        (Probe::Allocate(4 << 30), "signal 6"),
    ];
    runtime().block_on(async {
        let workers = workers(Confinement::looker(ocr(), TESSDATA), &settings());
        all(&workers, &cases).await;
        let mut reading = Try::new(Probe::Run(
            program.into(),
            ["stdin", "stdout", "--psm", "6"].map(str::to_owned).to_vec(),
        ));
        reading.strings = vec![blocks()];
        let (told, _) = workers.run(reading, Lane::Ours, soon()).await.unwrap();
        let told = told.unwrap();
        println!("    tesseract: {told:?}");
        assert!(told.starts_with("exit status: 0") && told.contains('H'), "{told}");
    });
}

/// One that has its program running when its time is over, and one that takes more processor time than it may.
pub(crate) fn killed_whole() {
    let program = TESSERACT;
    runtime().block_on(async {
        let workers = workers(Confinement::looker(ocr(), TESSDATA), &settings());
        let waits = ["stdin", "stdout"].map(str::to_owned).to_vec();
        let deadline = Instant::now() + Duration::from_secs(3);
        let probe = Try::new(Probe::Start(program.into(), waits));
        let (failure, running) = tokio::join!(workers.run(probe, Lane::Ours, deadline), async {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let group = children().first().map(|pid| members(*pid)).unwrap_or_default();
                if let [_, _] = group[..] {
                    return group;
                }
                assert!(Instant::now() < deadline, "it does not start");
            }
        });
        assert!(matches!(failure, Err(Failure::Late)), "{failure:?}");
        until("both end", || !running.iter().any(|pid| lives(*pid)));
    });
    runtime().block_on(async {
        let workers = workers(Confinement { seconds: 1, ..Confinement::opener() }, &settings());
        let failure = attempt(&workers, Probe::Spin(50_000)).await.unwrap_err();
        let is_killed = matches!(failure, Failure::Crashed { how: Death::Signal(9 | 24), .. });
        assert!(is_killed, "{failure:?}");
    });
}

/// Without a service, by hand.
pub(crate) fn by_hand() {
    let worker = |arguments: Vec<std::ffi::OsString>| {
        let program = env::current_exe().unwrap();
        let mut command = Command::new(program);
        command.arg("worker").args(arguments).stdin(Stdio::null()).output().unwrap()
    };
    let ended = worker(Confinement::opener().arguments());
    assert_eq!(ended.status.code(), Some(0), "its input has ended: {ended:?}");
    assert!(!ended.stdout.is_empty() && ended.stderr.is_empty(), "{ended:?}");
    let others = worker(["opener", "parent=1"].map(Into::into).to_vec());
    assert_eq!(others.status.code(), Some(78));
    assert_eq!(others.stderr, b"who started it has ended\n");
    let wrong = worker(vec!["--help".into()]);
    assert_eq!((wrong.status.code(), &wrong.stdout[..]), (Some(64), &b""[..]));
}

/// The letter H some times, as a grey map.
fn blocks() -> Vec<u8> {
    let mut picture = format!("P5 {WIDTH} {HEIGHT} 255\n").into_bytes();
    picture.extend(rows().concat());
    picture
}

const WIDTH: usize = 400;
const HEIGHT: usize = 100;

/// The letter H some times, row by row.
pub(crate) fn rows() -> Vec<Vec<u8>> {
    let is_ink = |x: usize, y: usize| {
        let u = x % 50;
        let is_stem = (8..15).contains(&u) || (32..39).contains(&u);
        let is_bar = (8..39).contains(&u) && (46..53).contains(&y);
        (50..350).contains(&x) && (25..75).contains(&y) && (is_stem || is_bar)
    };
    let row = |y| (0..WIDTH).map(|x| if is_ink(x, y) { 0 } else { 255 }).collect();
    (0..HEIGHT).map(row).collect()
}

/// In a process whose kernel does not know landlock, as far as it can tell.
pub(crate) fn without_landlock() {
    let status =
        Command::new(env::current_exe().unwrap()).arg("without-landlock").status().unwrap();
    assert!(status.success());
}

pub(crate) fn in_a_kernel_without_landlock() -> ExitCode {
    let missing = BTreeMap::from([(libc::SYS_landlock_create_ruleset, Vec::new())]);
    let filter = SeccompFilter::new(
        missing,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS as u32),
        env::consts::ARCH.try_into().unwrap(),
    );
    let filter: BpfProgram = filter.unwrap().try_into().unwrap();
    apply_filter(&filter).unwrap();
    runtime().block_on(async {
        let workers = workers(Confinement::opener(), &settings());
        let failure = attempt(&workers, Probe::Echo).await.unwrap_err();
        let Failure::NoWorker(StartError::Died { words, how: Death::Status(78) }) = failure else {
            panic!("{failure:?}");
        };
        assert!(words.contains("no landlock"), "{words}");
    });
    runtime().block_on(async {
        let lenient = Settings { unconfined: true, ..settings() };
        let workers = workers(Confinement::opener(), &lenient);
        attempt(&workers, Probe::Echo).await.unwrap().unwrap();
        let confined = workers.status().confined.unwrap();
        assert_eq!((confined.landlock, confined.calls), (Hold::None, Hold::Full));
        assert_eq!(
            attempt(&workers, Probe::ReadFile("/etc/passwd".into())).await.unwrap(),
            Err(DENIED.into())
        );
    });
    ExitCode::SUCCESS
}

/// Kills a service while its workers work.
pub(crate) fn orphans() {
    let mut service = Command::new(env::current_exe().unwrap())
        .arg("parent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(service.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let pids: Vec<i32> = line.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 2, "{line}");
    assert!(pids.iter().all(|pid| lives(*pid)));
    service.kill().unwrap();
    service.wait().unwrap();
    until("workers end", || !pids.iter().any(|pid| lives(*pid)));
}

/// The service of [`orphans`]: one worker computes, one has nothing to do.
pub(crate) fn parent() -> ExitCode {
    runtime().block_on(async {
        let workers = workers(Confinement::opener(), &settings());
        let idle = attempt(&workers, Probe::Spin(100));
        let busy = attempt(&workers, Probe::Spin(50_000));
        let tell = async {
            idle.await.unwrap().unwrap();
            let pids: Vec<_> = children().iter().map(i32::to_string).collect();
            println!("{}", pids.join(" "));
        };
        let _ = tokio::join!(busy, tell);
    });
    ExitCode::SUCCESS
}
