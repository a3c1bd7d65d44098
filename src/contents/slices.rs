//! Pictures that a page shows as one: cut in slices, which stand side by side in rows.

use std::collections::HashMap;

use crate::mail::Message;

/// More slices are no picture.
const MOST: usize = 200;

/// How much of a page is looked at, in bytes.
const LONGEST: usize = 512 << 10;

/// Parts of the message, row by row, of each picture that a page puts together.
pub(super) fn sliced(message: &Message) -> Vec<Vec<Vec<usize>>> {
    let ids = content_ids(message);
    let pages = message.parts().iter().filter(|part| part.content_type == "text/html");
    let mut pictures = Vec::new();
    for page in pages {
        let text = page.text().unwrap_or_default();
        let end = text.floor_char_boundary(LONGEST);
        let mut rows = Rows::default();
        for tag in tags(text.get(..end).unwrap_or_default()) {
            rows.tag(tag, &ids);
        }
        rows.end_picture();
        pictures.append(&mut rows.pictures);
    }
    pictures
}

/// What stands between `<` and `>`.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default())
}

/// Parts by their Content-ID (RFC 2392).
fn content_ids(message: &Message) -> HashMap<&str, usize> {
    let parts = message.parts().iter().enumerate();
    let ids = parts.filter_map(|(number, part)| {
        let id = part.headers.first("content-id")?.trim();
        Some((id.trim_start_matches('<').trim_end_matches('>'), number))
    });
    ids.collect()
}

/// Rows of the picture that is being put together, and the pictures before.
#[derive(Default)]
struct Rows {
    pictures: Vec<Vec<Vec<usize>>>,
    rows: Vec<Vec<usize>>,
    row: Vec<usize>,
}

impl Rows {
    fn tag(&mut self, tag: &str, ids: &HashMap<&str, usize>) {
        let name = tag.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "img" => self.row.extend(content_id(tag).and_then(|id| ids.get(id))),
            "tr" | "/tr" | "br" | "br/" => self.end_row(),
            "table" | "/table" | "p" | "/p" | "div" | "/div" => self.end_picture(),
            _ => {}
        }
    }

    fn end_row(&mut self) {
        if !self.row.is_empty() {
            self.rows.push(std::mem::take(&mut self.row));
        }
    }

    fn end_picture(&mut self) {
        self.end_row();
        let rows = std::mem::take(&mut self.rows);
        let slices = rows.iter().map(Vec::len).sum::<usize>();
        if (2..=MOST).contains(&slices) {
            self.pictures.push(rows);
        }
    }
}

/// The part that an `img` shows.
fn content_id(tag: &str) -> Option<&str> {
    let at = tag.find("cid:").or_else(|| tag.find("CID:"))?;
    let rest = tag.get(at + 4..)?;
    let end = rest.find(|c: char| matches!(c, '"' | '\'') || c.is_ascii_whitespace());
    rest.get(..end.unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(page: &str) -> Message {
        let slices: String = (0..4)
            .map(|n| format!("--b\r\nContent-Type: image/png\r\nContent-ID: <s{n}@x>\r\n\r\nx\r\n"))
            .collect();
        let text = format!(
            "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n{page}\r\n{slices}--b--\r\n"
        );
        Message::parse(text.into_bytes())
    }

    #[test]
    fn slices_are_put_together_as_the_page_shows_them() {
        let img = |n: usize| format!("<IMG border=0 src=\"cid:s{n}@x\">");
        let cells =
            |ns: &[usize]| ns.iter().map(|n| format!("<td>{}</td>", img(*n))).collect::<String>();
        for (page, expected) in [
            (
                format!("<table><tr>{}</tr><tr>{}</tr></table>", cells(&[0, 1]), cells(&[2, 3])),
                vec![vec![vec![2, 3], vec![4, 5]]],
            ),
            (
                format!("{}{}<br>{}{}", img(0), img(1), img(2), img(3)),
                vec![vec![vec![2, 3], vec![4, 5]]],
            ),
            (format!("<p>{}</p><p>{}</p>", img(0), img(1)), vec![]),
            (format!("<table><tr>{}</tr></table>", cells(&[0])), vec![]),
            ("<img src=cid:nothing@x><img src='cid:".to_owned(), vec![]),
        ] {
            assert_eq!(sliced(&message(&page)), expected, "{page}");
        }
    }
}
