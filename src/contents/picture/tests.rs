mod draw;

use std::time::{Duration, Instant};

use draw::*;
use image::{ImageFormat, Rgba, RgbaImage, imageops};

use super::*;

const LINES: [&str; 6] = [
    "Limited time offer for you",
    "Buy cheap watches and pills",
    "Save ninety percent today",
    "Visit www.example.com now",
    "No prescription required",
    "Order before Sunday night",
];

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(120)
}

fn seen(bytes: &[u8]) -> Look {
    look(&[&[bytes]], &PictureBounds::until(soon())).unwrap()
}

/// How many words of the lines were read, of a hundred.
fn share(text: &str, lines: &[&str]) -> usize {
    let words: Vec<&str> = lines.iter().flat_map(|line| line.split(' ')).collect();
    let found = words.iter().filter(|word| text.contains(**word)).count();
    found * 100 / words.len()
}

fn plain() -> RgbaImage {
    page((600, 400), 32.0, &LINES)
}

fn slices(image: &RgbaImage, columns: u32, rows: u32) -> Vec<Vec<Vec<u8>>> {
    let (width, height) = (image.width() / columns, image.height() / rows);
    let slice = |x: u32, y: u32| {
        png(&imageops::crop_imm(image, x * width, y * height, width, height).to_image())
    };
    (0..rows).map(|y| (0..columns).map(|x| slice(x, y)).collect()).collect()
}

/// The lines of a page appear one by one, and stay or go.
fn film(stay: bool) -> Vec<u8> {
    let whole = plain();
    gif((0..6_u32).map(|number| {
        RgbaImage::from_fn(whole.width(), whole.height(), |x, y| {
            let line = y.saturating_sub(14) / 48;
            let shows = line == number || (stay && line < number);
            if shows { *whole.get_pixel(x, y) } else { Rgba(WHITE) }
        })
    }))
}

fn hard_cases() -> Vec<(&'static str, Vec<u8>)> {
    let mut noisy = coloured((600, 400), 32.0, &LINES, [150, 20, 20, 255], [240, 240, 200, 255]);
    speckle(&mut noisy, 60, &mut Dice(7));
    let pale = coloured((600, 400), 32.0, &LINES, [225, 225, 225, 255], [245, 245, 245, 255]);
    let faint = coloured((600, 400), 32.0, &LINES, [247, 247, 247, 255], [255, 255, 255, 255]);
    let night = coloured((600, 400), 32.0, &LINES, [250, 250, 120, 255], [10, 10, 90, 255]);
    let equal = coloured((600, 400), 32.0, &LINES, [220, 70, 70, 255], [40, 135, 135, 255]);
    let clear = coloured((600, 400), 32.0, &LINES, BLACK, [255, 255, 255, 0]);
    let ghost = coloured((600, 400), 32.0, &LINES, WHITE, [255, 255, 255, 0]);
    vec![
        ("png", png(&plain())),
        ("jpeg", jpeg(&plain(), 60)),
        ("gif", encode(&plain(), ImageFormat::Gif)),
        ("bmp", encode(&plain(), ImageFormat::Bmp)),
        ("webp", encode(&plain(), ImageFormat::WebP)),
        ("tiff", encode(&plain(), ImageFormat::Tiff)),
        ("turned 90", png(&imageops::rotate90(&plain()))),
        ("turned 180", png(&imageops::rotate180(&plain()))),
        ("turned 270", png(&imageops::rotate270(&plain()))),
        ("askew 7", png(&rotated(&plain(), 7.0))),
        ("askew -13", png(&rotated(&plain(), -13.0))),
        ("low contrast", png(&pale)),
        ("faint", png(&faint)),
        ("light on dark", png(&night)),
        ("equally bright", png(&equal)),
        ("coloured noise", png(&noisy)),
        ("small", png(&page((220, 130), 12.0, &LINES))),
        ("large", png(&page((3_600, 2_400), 190.0, &LINES))),
        ("transparent", png(&clear)),
        ("transparent, white ink", png(&ghost)),
        ("film that stays", film(true)),
        ("film that goes", film(false)),
    ]
}

#[test]
fn text_is_read_however_it_is_hidden() {
    let mut missed = Vec::new();
    for (name, bytes) in hard_cases() {
        let begin = Instant::now();
        let look = seen(&bytes);
        let looked = begin.elapsed();
        let text = read(&look, &Ocr::default(), soon()).unwrap();
        let share = share(&text.text, &LINES);
        println!(
            "{name:24} {share:3} % sure {:3.0} attempts {} views {} look {:4} ms all {:5} ms",
            text.confidence,
            text.attempts,
            look.views.len(),
            looked.as_millis(),
            begin.elapsed().as_millis()
        );
        if share < 80 {
            missed.push((name, share, text));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn slices_of_a_table_are_one_picture() {
    let whole = plain();
    for (columns, rows) in [(1, 8), (5, 1), (4, 5)] {
        let slices = slices(&whole, columns, rows);
        let slices: Vec<Vec<&[u8]>> =
            slices.iter().map(|row| row.iter().map(Vec::as_slice).collect()).collect();
        let rows: Vec<&[&[u8]]> = slices.iter().map(Vec::as_slice).collect();
        let look = look(&rows, &PictureBounds::until(soon())).unwrap();
        assert_eq!((look.width, look.height), (600, 400));
        assert!(look.hash.is_same(&seen(&png(&whole)).hash));
        let text = read(&look, &Ocr::default(), soon()).unwrap();
        assert!(share(&text.text, &LINES) >= 90, "{text:?}");
    }
}
