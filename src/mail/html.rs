//! HTML as the reader sees it, and where it leads.
//!
//! Only html5ever's tokenizer runs, never its tree builder, which is quadratic on hostile input.
//! The elements that are open are remembered in a short stack, just well enough to know whether a
//! text is shown:
//! - `display:none`, `visibility:hidden`, the attribute `hidden`, and `font-size:0` (until an
//!   element inside sets a size again) hide text; it is collected apart;
//! - comments and the contents of script, style, title and their like are dropped;
//! - blanks collapse, except for line ends in `<pre>`; elements break lines as in SpamAssassin.
//!
//! The tokenizer searches the attributes of a tag for duplicates, which is quadratic in their
//! number. A token of more than about 8 KiB is therefore skipped: see [`read`].

mod sink;
mod style;

use html5ever::{
    tendril::StrTendril,
    tokenizer::{BufferQueue, Tokenizer, TokenizerOpts},
};

use self::sink::Sink;
use super::lines::cut;

/// How much of a document is read, in bytes.
const LONGEST: usize = 512 * 1024;

/// How much is given to the tokenizer at a time, in bytes.
const CHUNK: usize = 4 * 1024;

/// After how many bytes without a complete token the tokenizer is given up.
const PATIENCE: usize = 2 * CHUNK;

/// What an HTML document says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    /// The text that is shown, with line ends.
    pub(super) text: String,
    /// The text that is hidden, with line ends.
    pub(super) hidden: String,
    /// Where attributes lead, entities decoded, in order.
    pub(super) links: Vec<String>,
    /// What relative links are relative to (`<base href>`).
    pub(super) base: Option<String>,
}

/// Reads the first 512 KiB of a document, keeping at most `text_limit` bytes of each text and
/// `link_limit` links.
///
/// The document goes to the tokenizer in chunks. When some bring no token, it is inside one that
/// is too long (a tag full of attributes, a picture in a `data:` URI, a comment). What was read of
/// it is dropped, and reading goes on behind the next `>`: what follows is shown rather than
/// hidden, so that nobody hides a text behind this.
pub(super) fn read(html: &str, text_limit: usize, link_limit: usize) -> Document {
    let mut rest = cut(html, LONGEST);
    let mut sink = Sink::new(text_limit, link_limit);
    while !rest.is_empty() {
        let given_up_at;
        (sink, given_up_at) = feed(sink, rest);
        let unread = rest.get(given_up_at..).unwrap_or_default();
        rest = unread.find('>').and_then(|end| unread.get(end + 1..)).unwrap_or_default();
    }
    sink.into_document()
}

/// Reads to the end, or until a token is too long; returns how far it came.
fn feed(sink: Sink, html: &str) -> (Sink, usize) {
    sink.start_afresh();
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    let (mut at, mut heard_at, mut tokens) = (0, 0, tokenizer.sink.tokens());
    while at < html.len() {
        let chunk = cut(html.get(at..).unwrap_or_default(), CHUNK);
        input.push_back(StrTendril::from_slice(chunk));
        let _ = tokenizer.feed(&input);
        at += chunk.len();
        if tokenizer.sink.tokens() != tokens {
            (heard_at, tokens) = (at, tokenizer.sink.tokens());
        } else if at - heard_at >= PATIENCE {
            return (tokenizer.sink, at);
        }
    }
    tokenizer.end();
    (tokenizer.sink, html.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(html: &str) -> Document {
        read(html, 10_000, 100)
    }

    #[test]
    fn shown_text_is_kept_with_its_breaks() {
        for (html, text) in [
            ("<p>One</p><p>two &amp; <b>th</b>ree</p>", "One\n\ntwo & three"),
            ("a<br>b<br><br>c", "a\nb\n\nc"),
            ("<div>a</div>b<div><i>c</i></div><div>d</div>", "a\nb\nc\n\nd"),
            ("<table><tr><td>a<td>b<tr><td>c</table>d", "a b c d"),
            ("  a \r\n\t b&nbsp;&nbsp; c ", "a b c"),
            ("<title>t</title><style>s</style><script>'<p>x'</script>a<!-- c -->b", "ab"),
            ("<iframe><p>x</iframe>a<noframes>y</noframes>", "a"),
            ("a < b &lt; c &#x41; &unknown;", "a < b < c A &unknown;"),
            ("<textarea>a</textarea>", "a"),
            ("a<b", "a"),
            ("<h1>a</h1>b<pre>c\r\n d\n\n e</pre>", "a b\n\nc\nd\n\ne"),
            ("\u{feff}a\0b", "ab"),
        ] {
            assert_eq!(document(html).text, text, "{html}");
        }
    }

    #[test]
    fn hidden_text_is_kept_apart() {
        for (html, shown, hidden) in [
            ("a<span style='DISPLAY : none !important'>b</span>c", "ac", "b"),
            ("a<div hidden>b<div>c</div>d</div>e", "a\n\ne", "b\nc\nd"),
            ("a<i style='font-size:0'>b</i><i style='font-size: 0.0px;x:y'>c</i>d", "ad", "bc"),
            ("<td style='font-size:0px'>a<div style='font-size:13px'>b</div></td>", "b", "a"),
            ("<i style='font-size:0'>a<b style='font-size:2em'>b</b></i>c", "c", "ab"),
            ("<i style='font-size:0.5em'>a</i>", "a", ""),
            ("<i style='visibility:hidden'>a</i>b", "b", "a"),
            // Elements that end without an end tag, as browsers see it.
            ("<p style='display:none'>a<p>b", "b", "a"),
            ("<p style='display:none'>a<div>b</div>", "b", "a"),
            ("<li style='display:none'>a<li>b", "b", "a"),
            ("<div><span style='display:none'>a</div>b", "b", "a"),
            ("<span style='display:none'>a</i>b</span>c", "c", "ab"),
            ("<img style='display:none'>a<br style='display:none'>b", "a\nb", ""),
        ] {
            let document = document(html);
            assert_eq!(
                (document.text.as_str(), document.hidden.as_str()),
                (shown, hidden),
                "{html}"
            );
        }
    }

    #[test]
    fn links_are_found_in_attributes() {
        let document = document(
            "<base href='http://b.example/x'><a href='/p?a=1&amp;b=2'>t</a><img src=\"i.png\">\
             <form action=f><td background=bg><object data=o></object>\
             <meta http-equiv=refresh content='0; URL=http://m.example/'>\
             <i style='background: url(\"u.gif\") x'><span style='display:none'><a HREF=h></a>",
        );
        assert_eq!(document.base.as_deref(), Some("http://b.example/x"));
        let links = ["/p?a=1&b=2", "i.png", "f", "bg", "o", "http://m.example/", "u.gif", "h"];
        assert_eq!(document.links, links);
    }

    #[test]
    fn hostile_documents_are_read_in_bounded_time() {
        // A tag with more attributes than anybody waits for, and text behind it.
        let attributes: String = (0..100_000).map(|i| format!("a{i} ")).collect();
        assert_eq!(document(&format!("a<i {attributes}>b")).text.chars().next(), Some('a'));
        let picture = format!("a<img src='data:image/png;base64,{}'>b", "A".repeat(100_000));
        assert_eq!(document(&picture).text, "ab");
        // Many open elements, and end tags that match none of them.
        let nested = format!("{}x{}", "<div>".repeat(50_000), "</i>".repeat(50_000));
        assert_eq!(document(&nested).text, "x");
        assert_eq!(read(&"word ".repeat(100_000), 1_000, 0).text.len(), 1_000);
    }
}
