//! Pictures of text, drawn by ImageMagick.

use std::{fs, process::Command};

use super::letter::{Attachment, Bench, Letter, Secret};
use crate::servers::Folder;

/// Of most pictures, in pixels.
pub(super) const SIZE: (u32, u32) = (640, 160);

/// Draws by these options between the canvas and the output, which has this name.
fn draw(canvas: &str, options: &[&str], name: &str) -> Vec<u8> {
    let folder = Folder::new();
    let path = folder.path().join(name);
    let size = format!("{}x{}", SIZE.0, SIZE.1);
    let output = Command::new("convert")
        .args(["-size", &size, canvas])
        .args(["-font", "DejaVu-Sans", "-pointsize", "34", "-gravity", "center"])
        .args(options)
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{options:?}: {output:?}");
    fs::read(path).unwrap()
}

pub(super) fn plain(secret: &Secret) -> Vec<u8> {
    text(secret.text)
}

/// A picture of these words.
pub(super) fn text(words: &str) -> Vec<u8> {
    draw("xc:white", &["-fill", "black", "-annotate", "0", words], "a.png")
}

pub(super) fn jpeg(secret: &Secret) -> Vec<u8> {
    let options =
        ["-fill", "black", "-annotate", "0", secret.text, "-type", "TrueColor", "-quality", "80"];
    draw("xc:white", &options, "a.jpg")
}

/// One byte a pixel, line by line.
pub(super) fn grey_pixels(secret: &Secret) -> Vec<u8> {
    draw("xc:white", &["-fill", "black", "-annotate", "0", secret.text, "-depth", "8"], "a.gray")
}

/// A letter with a picture that is drawn so: what stands for `TEXT` is the secret.
pub(super) fn drawn(secret: &Secret, canvas: &str, options: &[&str], name: &str) -> Letter {
    let options: Vec<_> =
        options.iter().map(|option| if *option == "TEXT" { secret.text } else { option }).collect();
    Letter::with([Attachment::new(name, draw(canvas, &options, name)).of_type("image/png")])
}

/// A film in which each picture adds a piece.
pub(super) fn film(secret: &Secret) -> Letter {
    let folder = Folder::new();
    fs::write(folder.path().join("whole.png"), plain(secret)).unwrap();
    let (width, height) = SIZE;
    let third = width / 3 + 1;
    let mut command = Command::new("convert");
    command.args(["-delay", "50", "-size", &format!("{width}x{height}"), "xc:white"]);
    for piece in 0..3 {
        let crop = format!("{third}x{height}+{}+0", piece * third);
        command.args(["(", "whole.png", "-crop", &crop, ")"]);
    }
    let output = command.arg("film.gif").current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let film = fs::read(folder.path().join("film.gif")).unwrap();
    Letter::with([Attachment::new("film.gif", film).of_type("image/gif")])
}

/// A picture cut in four, which a page shows side by side in a table.
pub(super) fn sliced(secret: &Secret) -> Letter {
    let folder = Folder::new();
    fs::write(folder.path().join("whole.png"), plain(secret)).unwrap();
    let crop = format!("{}x{}", SIZE.0 / 4, SIZE.1);
    let output = Command::new("convert")
        .args(["whole.png", "-crop", &crop, "+repage", "slice%d.png"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let slices = (0..4).map(|number| {
        let name = format!("slice{number}.png");
        let bytes = fs::read(folder.path().join(&name)).unwrap();
        Attachment::new(&name, bytes).of_type("image/png")
    });
    let cells: String =
        (0..4).map(|number| format!("<td><img src=\"cid:slice{number}.png\"></td>")).collect();
    let letter = Letter::with(slices);
    let body = format!("<html><table cellpadding=0><tr>{cells}</tr></table></html>");
    Letter { body, body_type: "text/html", ..letter }
}

/// A picture in the page itself.
pub(super) fn in_page(secret: &Secret) -> Letter {
    let picture = data_encoding::BASE64.encode(&plain(secret));
    let body = format!("<html><img src=\"data:image/png;base64,{picture}\"></html>");
    Letter { body, body_type: "text/html", ..Letter::with([]) }
}

/// The address as a QR code, drawn with these options.
pub(super) fn code(bench: &Bench, secret: &Secret, options: &[&str]) -> Letter {
    let tool = [&["qrencode", "-s", "6", "-o", "a.png", secret.url], options].concat();
    let picture = bench.make(&[], &tool, "a.png");
    Letter::with([Attachment::new("code.png", picture).of_type("image/png")])
}

/// The same, turned.
pub(super) fn turned_code(bench: &Bench, secret: &Secret) -> Letter {
    let picture = bench.make(&[], &["qrencode", "-s", "6", "-o", "a.png", secret.url], "a.png");
    let turn = ["convert", "a.png", "-background", "white", "-rotate", "20", "b.png"];
    let turned = bench.make(&[("a.png", &picture)], &turn, "b.png");
    Letter::with([Attachment::new("code.png", turned).of_type("image/png")])
}
