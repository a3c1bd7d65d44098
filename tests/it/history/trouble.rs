//! What the history does when things go wrong: never anything to the mail.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use super::{World, message, objects, send, size, text};

#[test]
fn files_are_their_owners_alone_and_nothing_is_recorded_when_it_is_off() {
    let mut world = World::start("");
    send(&world, 0..4);
    world.gatepost.wait_judged(4);
    world.close();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(world.history()), 0o700);
    let files: Vec<_> = fs::read_dir(world.history()).unwrap().map(|f| f.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    assert!(files.iter().all(|file| mode(file.clone()) == 0o600), "{files:?}");

    let mut world = World::start("history.enabled = false");
    send(&world, 0..4);
    world.gatepost.wait_judged(4);
    world.close();
    assert!(!world.history().exists());
    let said = world.gatepost.shell().run(&["explain", "0000-0000"]);
    assert!(said.err.contains("history.enabled is false"), "{said:?}");
}

#[test]
fn a_killed_service_loses_nothing_that_was_written() {
    let mut world = World::start("");
    send(&world, 0..40);
    let logged = world.gatepost.wait_judged(40);
    world.gatepost.wait_metric("gatepost_history_records_total", 40.0);
    world.gatepost.kill();
    let segment = fs::read_dir(world.history())
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "seg"))
        .unwrap();
    // The last record is torn, as by a power cut.
    let length = fs::metadata(&segment).unwrap().len();
    fs::OpenOptions::new().write(true).open(&segment).unwrap().set_len(length - 3).unwrap();
    world.gatepost.restart();
    world.gatepost.wait_logged("cut off or damaged", 1);
    let shell = world.gatepost.shell();
    for (place, line) in logged.iter().enumerate() {
        let said = shell.run(&["explain", line["ref"].as_str().unwrap()]);
        assert_eq!(said.status, i32::from(place == 39), "{place}: {said:?}");
    }
    world.close();
}

#[test]
fn a_full_disk_disturbs_no_message() {
    let disk = tempfile::tempdir().unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).arg(disk.path()).status().unwrap();
        assert!(status.success(), "{program} {arguments:?} (root is needed)");
    };
    run("mount", &["-t", "tmpfs", "-o", "size=64k", "tmpfs"]);
    let mut world = World::start(&format!("history.path = {:?}", disk.path().join("history")));
    fs::write(disk.path().join("ballast"), vec![0; 1 << 20]).unwrap_err();
    send(&world, 0..40);
    world.gatepost.wait_judged(40);
    world.gatepost.wait_metric("gatepost_history_dropped_total", 40.0);
    world.gatepost.wait_logged("judgements are not recorded", 1);
    fs::remove_file(disk.path().join("ballast")).unwrap();
    send(&world, 40..44);
    world.gatepost.wait_metric("gatepost_history_records_total", 4.0);
    world.gatepost.wait_logged("recorded again", 1);
    world.close();
    assert!(size(&disk.path().join("history")) > 0);
    run("umount", &["--lazy"]);
}

#[test]
fn messages_without_a_record_are_named_and_counted() {
    let mut world = World::start("");
    send(&world, 0..4);
    world.gatepost.wait_judged(4);
    world.close();
    let stranger = world.folder.write("stranger.eml", message(5_000));
    let said =
        world.gatepost.shell().run(&["check", "--recorded", "--json", text(world.folder.path())]);
    assert_eq!((said.status, objects(&said.out).len()), (3, 4), "{said:?}");
    assert!(said.err.contains(text(&stranger)), "{said:?}");
    assert!(said.err.contains("1 messages were left out"), "{said:?}");
    // The same from a folder that is named, and with fields that a mailbox has put on top.
    let kept = [
        &b"Return-Path: <sender@example.org>\r\nDelivered-To: x@example.test\r\n"[..],
        &message(0),
    ]
    .concat();
    let kept = world.folder.write("kept.eml", kept);
    let folder = format!("--recorded={}", world.history().display());
    let said = world.gatepost.shell().run(&["check", &folder, "--json", text(&kept)]);
    let object = said.json();
    assert_eq!(object["score"], object["recorded"]["score"], "{said:?}");
}
