//! No task is lost, whatever becomes of workers.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use gatepost::{
    contents::{
        pool::{
            Death, Failure, Look, Open, PartIn, Program, Settings, StartError, Workers,
            cost::{Kind, Load},
            queue::Lane,
        },
        process::Confinement,
        task::OpenBounds,
    },
    mail::Origin,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    confined::{TESSDATA, ocr, rows},
    png,
    probe::{Probe, Try},
    procs::{children, lives, until},
};

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub(crate) fn settings() -> Settings {
    Settings { workers: 2, ..Settings::default() }
}

pub(crate) fn workers(confinement: Confinement, settings: &Settings) -> Workers {
    let program = Program { arguments: vec!["probe".into()], ..Program::own() };
    Workers::new(program, confinement, settings).unwrap()
}

fn openers(settings: &Settings) -> Arc<Workers> {
    Arc::new(workers(Confinement::opener(), settings))
}

/// A deadline that is none, on whatever machine.
pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

pub(crate) async fn attempt(
    workers: &Workers,
    probe: Probe,
) -> Result<Result<String, String>, Failure> {
    workers.run(Try::new(probe), Lane::Outside, soon()).await.map(|(told, _)| told)
}

/// Each task is counted once.
fn adds_up(workers: &Workers, offered: u64) {
    let counts = workers.status().counts;
    assert_eq!(counts.accepted, counts.ended(), "{counts:?}");
    assert_eq!(
        counts.accepted + counts.refused_full + counts.refused_deadline,
        offered,
        "{counts:?}"
    );
}

pub(crate) fn trouble() {
    runtime().block_on(async {
        let workers = openers(&settings());
        let died = |failure: Failure| match failure {
            Failure::Crashed { how, words } => (how.to_string(), words),
            other => panic!("{other:?}"),
        };
        let (how, words) = died(attempt(&workers, Probe::Panic).await.unwrap_err());
        assert_eq!(how, "it ended with status 101");
        assert!(
            words.contains("probe.rs") && words.ends_with("on purpose in two lines"),
            "{words}"
        );
        let (how, words) = died(attempt(&workers, Probe::Recurse).await.unwrap_err());
        assert_eq!(how, "it was ended by signal 6");
        assert!(words.contains("overflow"), "{words}");
        let (how, _) = died(attempt(&workers, Probe::End).await.unwrap_err());
        assert_eq!(how, "it ended with status 7");
        attempt(&workers, Probe::Babble(10_000)).await.unwrap().unwrap();
        let mut echo = Try::new(Probe::Echo);
        echo.strings = vec![vec![7; 30 << 20], vec![], vec![8; 3]];
        let (_, strings) = workers.run(echo, Lane::Ours, soon()).await.unwrap();
        assert_eq!(strings.iter().map(Vec::len).collect::<Vec<_>>(), [30 << 20, 0, 3]);
        adds_up(&workers, 5);
        assert_eq!(workers.status().processes.started, 4);
    });
}

pub(crate) fn nonsense() {
    runtime().block_on(async {
        let workers = openers(&settings());
        let answers: [&[u8]; 4] = [
            &[255; 8],
            &[1, 0, 0, 0, 0, 0, 0, 0, 77],
            &[0, 0, 0, 0, 11, 0, 0, 0],
            b"HTTP/1.1 200 OK",
        ];
        for bytes in answers {
            let failure = attempt(&workers, Probe::Raw(bytes.to_vec())).await.unwrap_err();
            let is_seen = matches!(failure, Failure::Crashed { how: Death::Answer(_), .. });
            assert!(is_seen, "{bytes:?}: {failure:?}");
        }
        // Too short an answer is none, and the worker waits for more to do.
        let deadline = Instant::now() + Duration::from_millis(300);
        let half = Try::new(Probe::Raw(vec![9, 0, 0, 0]));
        let failure = workers.run(half, Lane::Outside, deadline).await.unwrap_err();
        assert!(matches!(failure, Failure::Late), "{failure:?}");
        attempt(&workers, Probe::Echo).await.unwrap().unwrap();
        adds_up(&workers, 6);
        assert_eq!(workers.status().counts.crashed, 4);
    });
}

pub(crate) fn deadline() {
    runtime().block_on(async {
        let workers = openers(&settings());
        let spin = || Try::new(Probe::Spin(60_000));
        for _ in 0..3 {
            let deadline = Instant::now() + Duration::from_millis(200);
            let failure = workers.run(spin(), Lane::Outside, deadline).await.unwrap_err();
            assert!(matches!(failure, Failure::Late), "{failure:?}");
        }
        until("killed workers are gone", || children().is_empty());
        attempt(&workers, Probe::Echo).await.unwrap().unwrap();
        adds_up(&workers, 4);
        let status = workers.status();
        assert_eq!(status.counts.late, 3);
        let expected = status.costs.of(&[Load { kind: Kind::Look, amount: 0.0 }]);
        assert!(expected > Duration::from_millis(5), "what was given up is learned from");
    });
}

/// 2,000 tasks while a thread kills workers as it likes.
pub(crate) fn killed() {
    const TASKS: usize = 2_000;
    runtime().block_on(async {
        let workers =
            openers(&Settings { waiting_tasks: TASKS, waiting_ms: 600_000, ..settings() });
        let is_over = Arc::new(AtomicBool::new(false));
        let killer = thread::spawn({
            let is_over = Arc::clone(&is_over);
            move || kill_some(&is_over)
        });
        let mut tasks = JoinSet::new();
        for n in 0..TASKS {
            let workers = Arc::clone(&workers);
            tasks.spawn(async move {
                let mut echo = Try::new(if n % 3 == 0 { Probe::Spin(3) } else { Probe::Echo });
                echo.strings = vec![n.to_string().into_bytes(); 2];
                let lane = if n % 4 == 0 { Lane::Ours } else { Lane::Outside };
                let deadline = Instant::now() + Duration::from_secs(300);
                (n, workers.run(echo, lane, deadline).await)
            });
        }
        let (mut done, mut crashed, mut unserved) = (0, 0, 0);
        while let Some(task) = tasks.join_next().await {
            let (n, result) = task.unwrap();
            match result {
                Ok((_, strings)) => {
                    assert_eq!(strings, vec![n.to_string().into_bytes(); 2], "its own answer");
                    done += 1;
                }
                Err(Failure::Crashed { how: Death::Signal(9), .. }) => crashed += 1,
                // Killed before it was ready, and the pause after.
                Err(Failure::NoWorker(StartError::Died { .. } | StartError::Paused)) => {
                    unserved += 1
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        is_over.store(true, Ordering::Relaxed);
        let kills = killer.join().unwrap();
        let status = workers.status();
        println!(
            "    {kills} kills: {done} done, {crashed} crashed, {unserved} unserved; {:?}",
            status.processes
        );
        assert_eq!(done + crashed + unserved, TASKS);
        assert!(crashed > 10 && done > TASKS / 4);
        adds_up(&workers, TASKS as u64);
        tokio::time::sleep(Duration::from_millis(500)).await;
        attempt(&workers, Probe::Echo).await.unwrap().unwrap();
    });
}

fn kill_some(is_over: &AtomicBool) -> usize {
    let mut kills = 0;
    let mut random = 7_usize;
    while !is_over.load(Ordering::Relaxed) {
        let all = children();
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if let Some(&pid) = all.get((random >> 33) % all.len().max(1)) {
            kills += usize::from(kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok());
        }
        thread::sleep(Duration::from_millis(10 + (random >> 40) as u64 % 30));
    }
    kills
}

/// Outside offers three times what can be done; ours, a little beside it.
pub(crate) fn flood() {
    runtime().block_on(async {
        let few = Settings { waiting_ms: 300, ..settings() };
        let workers = openers(&few);
        let is_over = Arc::new(AtomicBool::new(false));
        let longest = Arc::new(AtomicUsize::new(0));
        let (mut outside, mut ours) = (JoinSet::new(), JoinSet::new());
        let mut offered = 0;
        // What each costs is known from the first.
        let task =
            || Try { load: Load { kind: Kind::Look, amount: 0.4 }, ..Try::new(Probe::Spin(20)) };
        let watcher = tokio::spawn({
            let (workers, is_over, longest) =
                (Arc::clone(&workers), Arc::clone(&is_over), Arc::clone(&longest));
            async move {
                while !is_over.load(Ordering::Relaxed) {
                    longest.fetch_max(workers.status().waiting_ours, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        });
        for n in 0..600 {
            let this = Arc::clone(&workers);
            let deadline = Instant::now() + Duration::from_secs(5);
            outside.spawn(async move { this.run(task(), Lane::Outside, deadline).await.is_ok() });
            offered += 1;
            if n % 20 == 0 {
                let this = Arc::clone(&workers);
                ours.spawn(async move { this.run(task(), Lane::Ours, deadline).await });
                offered += 1;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        let mut done = 0;
        while let Some(result) = ours.join_next().await {
            result.unwrap().unwrap().0.unwrap();
        }
        while let Some(is_done) = outside.join_next().await {
            done += usize::from(is_done.unwrap());
        }
        is_over.store(true, Ordering::Relaxed);
        watcher.await.unwrap();
        let status = workers.status();
        println!("    of 600 from outside {done} done, ours all; {:?}", status.counts);
        let counts = status.counts;
        assert_eq!(counts.done as usize, done + 30);
        assert!(counts.refused_full + counts.skipped_full + counts.refused_deadline > 100);
        assert!(longest.load(Ordering::Relaxed) <= 2, "ours hardly ever waits");
        adds_up(&workers, offered);
    });
}

pub(crate) fn dropped() {
    runtime().block_on(async {
        let workers = openers(&Settings { workers: 1, reserved: 0, ..settings() });
        let spin = tokio::spawn({
            let workers = Arc::clone(&workers);
            async move { attempt(&workers, Probe::Spin(60_000)).await.is_ok() }
        });
        until("it works", || workers.status().processes.started == 1);
        let next = tokio::spawn({
            let workers = Arc::clone(&workers);
            async move { attempt(&workers, Probe::Echo).await }
        });
        let waits = tokio::spawn({
            let workers = Arc::clone(&workers);
            async move { attempt(&workers, Probe::Echo).await.is_ok() }
        });
        until("two wait", || workers.status().waiting_outside == 2);
        let pid = children()[0];
        waits.abort();
        spin.abort();
        next.await.unwrap().unwrap().unwrap();
        until("its worker is killed", || !lives(pid));
        until("all is counted", || workers.status().counts.ended() == 3);
        assert_eq!(workers.status().counts.dropped, 2);
        adds_up(&workers, 3);
    });
}

pub(crate) fn missing() {
    runtime().block_on(async {
        let program = Program { path: "/nowhere/gatepost".into(), arguments: Vec::new() };
        let workers = Workers::new(program, Confinement::opener(), &settings()).unwrap();
        let mut paused = 0_u64;
        for _ in 0..1_000 {
            match attempt(&workers, Probe::Echo).await.unwrap_err() {
                Failure::NoWorker(StartError::Spawn(_)) => {}
                Failure::NoWorker(StartError::Paused) => paused += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(paused > 900, "{paused}");
        let failed = workers.status().processes.failed;
        assert!(failed < 10, "{failed}");
        assert_eq!(workers.status().counts.unserved, 1_000);
        // One that ends before it is ready: the arguments are none of its.
        let program = Program { path: "/bin/false".into(), arguments: Vec::new() };
        let workers = Workers::new(program, Confinement::opener(), &settings()).unwrap();
        let failure = attempt(&workers, Probe::Echo).await.unwrap_err();
        let is_told =
            matches!(failure, Failure::NoWorker(StartError::Died { how: Death::Status(1), .. }));
        assert!(is_told, "{failure:?}");
    });
}

pub(crate) fn replaced() {
    runtime().block_on(async {
        let workers = openers(&Settings { tasks_each: 3, ..settings() });
        for _ in 0..9 {
            attempt(&workers, Probe::Echo).await.unwrap().unwrap();
        }
        let processes = workers.status().processes;
        assert_eq!((processes.started, processes.retired, processes.idle), (3, 3, 0));
        let workers = openers(&Settings { idle_bytes: 1, ..settings() });
        for _ in 0..2 {
            attempt(&workers, Probe::Echo).await.unwrap().unwrap();
        }
        assert_eq!(workers.status().processes.retired, 2);
        until("they end", || children().is_empty());
    });
}

pub(crate) fn ended() {
    let runtime = runtime();
    let workers = openers(&settings());
    runtime.block_on(async {
        attempt(&workers, Probe::Echo).await.unwrap().unwrap();
        attempt(&workers, Probe::Echo).await.unwrap().unwrap();
    });
    let pids = children();
    assert_eq!(pids.len(), 1, "used again");
    // One that was killed while it had nothing to do costs no task.
    kill(Pid::from_raw(pids[0]), Signal::SIGKILL).unwrap();
    until("it is dead", || !lives(pids[0]));
    runtime.block_on(async { attempt(&workers, Probe::Echo).await.unwrap().unwrap() });
    let pids = children();
    drop(workers);
    until("it ends", || !pids.iter().any(|pid| lives(*pid)));
}

pub(crate) fn opened() {
    runtime().block_on(async {
        let program = Program::own();
        let workers = Workers::new(program, Confinement::opener(), &settings()).unwrap();
        let text = b"Buy at https://shop.example/ now\n".repeat(10);
        let big = vec![0; 20 << 20];
        let part = |number, name, bytes| PartIn { number, name, bytes };
        let parts = vec![part(3, "a.txt", &text[..]), part(7, "big", &big[..])];
        let bounds = OpenBounds { depth: 5, members: 100, bytes: 1 << 20, ratio: 100, millis: 0 };
        let open = Open { parts, passwords: &["secret".to_owned()], bounds };
        let found = workers.run(open, Lane::Outside, soon()).await.unwrap();
        let numbers: Vec<_> =
            found.inside.items.iter().map(|item| (item.part, item.size)).collect();
        assert_eq!(numbers, [(3, text.len() as u64), (7, 20 << 20)]);
        let said = &found.inside.items[0].texts;
        println!("    texts: {}", said.len());
        assert!(said.iter().all(|text| text.origin == Origin::Plain));
        let pid = children()[0];
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        assert!(status.contains("gatepost-opener"));
    });
}

pub(crate) fn looked() {
    runtime().block_on(async {
        let confinement = Confinement::looker(ocr(), TESSDATA);
        let workers = Workers::new(Program::own(), confinement, &settings()).unwrap();
        let picture = png::of(&rows());
        for wants in [true, false, true] {
            let rows = vec![vec![&picture[..]]];
            let look = Look { rows, pixels: 40_000, decide: |_: &_| wants };
            let began = Instant::now();
            let seen = workers.run(look, Lane::Ours, soon()).await.unwrap().unwrap();
            println!("    in {:?}", began.elapsed());
            let text = seen.text.map(|text| text.unwrap().text.trim().to_owned());
            assert_eq!(text, wants.then(|| "HHHHHH".to_owned()));
        }
        let rows = vec![vec![&b"no"[..], &b"picture"[..]], vec![&b""[..]]];
        let look = Look { rows, pixels: 1_000, decide: |_: &_| true };
        let seen = workers.run(look, Lane::Ours, soon()).await.unwrap();
        assert!(seen.is_err(), "{seen:?}");
        assert_eq!(workers.status().processes.started, 1);
    });
}

/// Figures for the person watching.
pub(crate) fn figures() {
    runtime().block_on(async {
        let workers = openers(&Settings { tasks_each: 1, ..settings() });
        let time = async |strings: Vec<Vec<u8>>, workers: &Workers| {
            const TIMES: u32 = 20;
            let began = Instant::now();
            for _ in 0..TIMES {
                let mut echo = Try::new(Probe::Echo);
                echo.strings = strings.clone();
                workers.run(echo, Lane::Outside, soon()).await.unwrap().0.unwrap();
            }
            began.elapsed() / TIMES
        };
        println!("    a task with a worker of its own: {:?}", time(vec![], &workers).await);
        let workers = openers(&settings());
        println!("    a task: {:?}", time(vec![], &workers).await);
        println!("    10 MiB there and back: {:?}", time(vec![vec![7; 10 << 20]], &workers).await);
    });
}
