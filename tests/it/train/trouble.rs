//! A damaged store, a full disk: mail is judged all the same, and nobody is told that something
//! was learned that was not.

use std::{
    fs::{self, File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use super::text;
use crate::{
    mail,
    servers::{
        Folder,
        gatepost::{Config, Gatepost},
        milter_client::MilterClient,
    },
};

/// The line of a message that is judged now.
fn judged(gatepost: &Gatepost) -> Value {
    let before = gatepost.judged().len();
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    milter.open("203.0.113.10", "reader@example.test").unwrap();
    milter.message(&mail::about("turnips", 1_000)).unwrap();
    gatepost.wait_judged(before + 1).remove(before)
}

fn overwrite(file: &Path, from: u64, bytes: usize) {
    let mut file = OpenOptions::new().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(&vec![0xa5; bytes]).unwrap();
}

#[test]
fn a_damaged_store() {
    let mut gatepost = Gatepost::start(&Config::new());
    gatepost.shell().teach("spam", &mail::about("turnips", 1));
    let file = gatepost.store().join("tokens.redb");
    gatepost.ask_to_end();
    assert!(gatepost.wait_end().success());
    let sound = fs::read(&file).unwrap();
    // All of it; its head alone; everything but that.
    for (from, bytes) in [(0, sound.len()), (0, 4096), (4096, sound.len() - 4096)] {
        fs::write(&file, &sound).unwrap();
        fs::remove_file(gatepost.store().join("model")).unwrap_or_default();
        overwrite(&file, from, bytes);
        gatepost.restart();
        let line = judged(&gatepost);
        assert_eq!(line["verdict"], "accept", "{line}");
        let broken = line["broken"].as_str().unwrap();
        assert!(broken.starts_with("bayes: ") && broken.contains("tokens.redb"), "{line}");
        gatepost.wait_logged("mail is judged without what was learned", 1);
        for (arguments, status) in
            [(&["train", "spam", "-"][..], 3), (&["store", "verify"], 1), (&["store", "export"], 3)]
        {
            let said = gatepost.shell().feed(arguments, &mail::about("turnips", 2));
            assert_eq!(said.status, status, "{arguments:?}: {said:?}");
            assert!(said.err.contains("damaged"), "{arguments:?}: {said:?}");
        }
        gatepost.kill();
    }
    // From a backup.
    fs::write(&file, &sound).unwrap();
    gatepost.restart();
    assert_eq!(judged(&gatepost)["broken"], "");
    assert_eq!(gatepost.shell().counts(), (1, 0, 0));
}

/// What the copy of the model holds can be made anew.
#[test]
fn a_damaged_copy_of_the_model() {
    let mut gatepost = Gatepost::start(&Config::new());
    gatepost.shell().teach("spam", &mail::about("turnips", 1));
    gatepost.ask_to_end();
    assert!(gatepost.wait_end().success());
    overwrite(&gatepost.store().join("model"), 1_000, 1_000);
    gatepost.restart();
    gatepost.wait_logged("the copy of the model is of no use", 1);
    let status = gatepost.shell().verify();
    assert_eq!(
        (&status["spam"], status["tokens"].as_u64() > Some(0)),
        (&json!(1), true),
        "{status}"
    );
    assert_eq!(judged(&gatepost)["broken"], "");
}

/// A file system of its own, in memory; gone when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf, megabytes: usize) -> Self {
        let options = format!("size={megabytes}m,mode=700");
        let mut command = Command::new("mount");
        let command = command.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&at);
        assert!(command.status().unwrap().success());
        Self(at)
    }

    /// Leaves no byte.
    fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).unwrap();
        while file.write(&[0; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever still has a file open there keeps it from going at once.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk() {
    let folder = Folder::new();
    let disk = Disk::mount(folder.subfolder("disk"), 80);
    let config = Config::new().with(&format!("store.path = {:?}", disk.0));
    let gatepost = Gatepost::start(&config);
    let shell = gatepost.shell();
    shell.teach("spam", &mail::about("turnips", 0));
    disk.fill();
    // The file has some room of its own.
    let mut number = 0;
    let refused = loop {
        number += 1;
        assert!(number < 10_000, "the disk is never full");
        let said = shell.feed(&["train", "spam", "-"], &mail::about("turnips", number));
        if said.status != 0 {
            break said;
        }
    };
    println!("full disk: {} messages were learned before one was refused", number - 1);
    assert_eq!(refused.status, 3, "{refused:?}");
    assert!(refused.err.contains("no room is left"), "{refused:?}");
    let line = judged(&gatepost);
    assert_eq!((&line["verdict"], &line["broken"]), (&json!("accept"), &json!("")), "{line}");
    disk.make_room();
    let refused = mail::about("turnips", number);
    assert_eq!(shell.teach("spam", &refused), json!({"learned": 1}), "nothing to restart");
    assert_eq!(shell.counts(), (number as u64 + 1, 0, 0));
    let path = folder.write("refused.eml", refused);
    assert_eq!(shell.train("spam", &[text(&path)]), json!({"known": 1}));
}
