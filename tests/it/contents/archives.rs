//! Archives, by the tools that people make them with.

use super::letter::{Attachment, Bench, Letter, Secret};

fn note(secret: &Secret) -> Vec<u8> {
    format!("{}\n\n{}\n", secret.text, secret.url).into_bytes()
}

/// A letter with what a tool makes of one file.
pub(super) fn packed(bench: &Bench, secret: &Secret, tool: &[&str], made: &str) -> Letter {
    let bytes = bench.make(&[("note.txt", &note(secret))], tool, made);
    Letter::with([Attachment::new(made, bytes)])
}

/// A zip in a zip in a zip.
pub(super) fn nested(bench: &Bench, secret: &Secret) -> Letter {
    let mut bytes = note(secret);
    let mut name = "note.txt";
    for made in ["a.zip", "b.zip", "c.zip"] {
        bytes = bench.make(&[(name, &bytes)], &["zip", "-q", made, name], made);
        name = made;
    }
    Letter::with([Attachment::new(name, bytes)])
}

/// Of other kinds in one another.
pub(super) fn mixed(bench: &Bench, secret: &Secret) -> Letter {
    let tar = bench.make(
        &[("note.txt", &note(secret))],
        &["tar", "--xz", "-cf", "a.tar.xz", "note.txt"],
        "a.tar.xz",
    );
    let seven = bench.make(&[("a.tar.xz", &tar)], &["7z", "a", "b.7z", "a.tar.xz"], "b.7z");
    let zip = bench.make(&[("b.7z", &seven)], &["zip", "-q", "c.zip", "b.7z"], "c.zip");
    Letter::with([Attachment::new("c.zip", zip)])
}

/// With a password that the letter tells.
pub(super) fn locked(bench: &Bench, secret: &Secret, tool: &[&str], made: &str) -> Letter {
    packed(bench, secret, tool, made).saying("The password is: Tulip-2041")
}

/// RAR 5 with one stored file: there is no free program that makes it.
pub(super) fn rar(secret: &Secret) -> Letter {
    let content = note(secret);
    let mut rar = b"Rar!\x1a\x07\x01\x00".to_vec();
    // Main archive header: type 1, no flags, no archive flags.
    block(&mut rar, &[1, 0, 0], &[]);
    // File header: type 2, flags: data area; file flags: CRC; stored, made on Unix.
    let name = b"note.txt";
    let mut head = vec![2, 2];
    head.extend(number(content.len() as u64));
    head.push(4);
    head.extend(number(content.len() as u64));
    head.push(0);
    head.extend(crc32fast::hash(&content).to_le_bytes());
    head.extend([0, 1, name.len() as u8]);
    head.extend(name);
    block(&mut rar, &head, &content);
    // End of archive.
    block(&mut rar, &[5, 0, 0], &[]);
    Letter::with([Attachment::new("note.rar", rar)])
}

fn block(rar: &mut Vec<u8>, head: &[u8], data: &[u8]) {
    let mut sized = number(head.len() as u64);
    sized.extend(head);
    rar.extend(crc32fast::hash(&sized).to_le_bytes());
    rar.extend(sized);
    rar.extend(data);
}

/// A number as RAR 5 writes it: seven bits a byte, the lowest first.
fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A cabinet with one stored file ([MS-CAB]).
pub(super) fn cab(secret: &Secret) -> Letter {
    let content = note(secret);
    let name = b"note.txt\0";
    let (folders_at, file_len) = (36_u32, 16 + name.len() as u32);
    let files_at = folders_at + 8;
    let data_at = files_at + file_len;
    let size = data_at + 8 + content.len() as u32;
    let mut cab = b"MSCF\0\0\0\0".to_vec();
    cab.extend(size.to_le_bytes());
    cab.extend([0; 4]);
    cab.extend(files_at.to_le_bytes());
    cab.extend([0; 4]);
    cab.extend([3, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    cab.extend(data_at.to_le_bytes());
    cab.extend([1, 0, 0, 0]);
    cab.extend((content.len() as u32).to_le_bytes());
    cab.extend([0; 12 - 4 + 4]);
    cab.extend(name);
    cab.extend([0; 4]);
    cab.extend((content.len() as u16).to_le_bytes().repeat(2));
    cab.extend(content);
    Letter::with([Attachment::new("note.cab", cab)])
}

/// winmail.dat with one attachment ([MS-OXTNEF]).
pub(super) fn tnef(secret: &Secret) -> Letter {
    let mut tnef = 0x223e_9f78_u32.to_le_bytes().to_vec();
    tnef.extend([1, 0]);
    attribute(&mut tnef, 1, 0x0008_9006, &0x0001_0000_u32.to_le_bytes());
    let mut render = vec![1, 0];
    render.extend([0; 12]);
    attribute(&mut tnef, 2, 0x0006_9002, &render);
    attribute(&mut tnef, 2, 0x0001_8010, b"note.txt\0");
    attribute(&mut tnef, 2, 0x0006_800f, &note(secret));
    Letter::with([Attachment::new("winmail.dat", tnef).of_type("application/ms-tnef")])
}

fn attribute(tnef: &mut Vec<u8>, level: u8, id: u32, data: &[u8]) {
    tnef.push(level);
    tnef.extend(id.to_le_bytes());
    tnef.extend((data.len() as u32).to_le_bytes());
    tnef.extend(data);
    let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    tnef.extend(sum.to_le_bytes());
}

/// A letter kept as a file in a zip, which holds a page.
pub(super) fn mail_in_zip(bench: &Bench, secret: &Secret) -> Letter {
    let inner = format!(
        "From: a@example.org\r\nSubject: inner\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n\
         <p>{}</p><a href='{}'>here</a>\r\n",
        secret.text, secret.url
    );
    let zip = bench.make(
        &[("letter.eml", inner.as_bytes())],
        &["zip", "-q", "a.zip", "letter.eml"],
        "a.zip",
    );
    Letter::with([Attachment::new("a.zip", zip)])
}

/// A page in a zip.
pub(super) fn page_in_zip(bench: &Bench, secret: &Secret) -> Letter {
    let page = format!(
        "<html><body><p>{}</p><a href='{}'>here</a></body></html>",
        secret.text, secret.url
    );
    let zip = bench.make(
        &[("page.html", page.as_bytes())],
        &["zip", "-q", "a.zip", "page.html"],
        "a.zip",
    );
    Letter::with([Attachment::new("a.zip", zip)])
}

/// A page that makes a zip when it is opened.
pub(super) fn smuggled(bench: &Bench, secret: &Secret, is_cut: bool) -> Letter {
    let zip =
        bench.make(&[("note.txt", &note(secret))], &["zip", "-q", "a.zip", "note.txt"], "a.zip");
    let coded = data_encoding::BASE64.encode(&zip);
    let (one, other) = coded.split_at(coded.len() / 2);
    let literal = if is_cut { format!("'{one}' +\n '{other}'") } else { format!("'{coded}'") };
    let page = format!(
        "<html><body><script>var d = atob({literal}); var b = new Blob([bytes(d)]);\
         var a = document.createElement('a'); a.href = URL.createObjectURL(b); a.click();</script></body></html>"
    );
    Letter::with([Attachment::new("notes.html", page).of_type("text/html")])
}

/// The same as a list of numbers.
pub(super) fn numbers(bench: &Bench, secret: &Secret) -> Letter {
    let zip =
        bench.make(&[("note.txt", &note(secret))], &["zip", "-q", "a.zip", "note.txt"], "a.zip");
    let numbers: Vec<_> = zip.iter().map(u8::to_string).collect();
    let page = format!(
        "<html><script>var b = new Uint8Array([{}]); save(b);</script></html>",
        numbers.join(",")
    );
    Letter::with([Attachment::new("notes.html", page).of_type("text/html")])
}
