//! How text looks: what elements and their attributes change.

use super::{
    colors::Color,
    elements::{self, COUNT, Index},
    tokens::Attribute,
};

/// How text looks inside an element.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// `None` for the page itself.
    element: Option<Index>,
    text: Color,
    ground: Color,
    /// From 1 to 7 in HTML; anything in mail.
    size: i64,
    is_displayed: bool,
    is_visible: bool,
}

/// Why a text cannot be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hidden {
    /// Hardly another colour than what is behind it.
    LowContrast,
    /// In a colour that is none.
    InvalidColor,
    /// Tiny or not displayed.
    Otherwise,
}

/// The elements that are open and change how text looks.
#[derive(Debug)]
pub(super) struct Styles {
    stack: Vec<Look>,
    /// How many of each are open.
    open: [u32; COUNT],
    base_size: i64,
    /// The smallest size that was set.
    pub(super) min_size: i64,
    /// The largest size that was set.
    pub(super) max_size: i64,
}

/// The size of text that nothing changes.
const SIZE: i64 = 3;

const PAGE: Look = Look {
    element: None,
    text: Color::BLACK,
    ground: Color::WHITE,
    size: SIZE,
    is_displayed: true,
    is_visible: true,
};

impl Default for Styles {
    fn default() -> Self {
        Self {
            stack: Vec::new(),
            open: [0; COUNT],
            base_size: SIZE,
            min_size: SIZE,
            max_size: SIZE,
        }
    }
}

impl Styles {
    /// Why text here cannot be seen, if so.
    pub(super) fn hidden(&self) -> Option<Hidden> {
        let look = self.top();
        if look.text.is_lost_on(look.ground) {
            return Some(Hidden::LowContrast);
        }
        if look.text == Color::Invalid || look.ground == Color::Invalid {
            return Some(Hidden::InvalidColor);
        }
        (look.size <= 1 || !look.is_displayed || !look.is_visible).then_some(Hidden::Otherwise)
    }

    fn top(&self) -> Look {
        self.stack.last().copied().unwrap_or(PAGE)
    }

    /// A start tag of an element that has style.
    pub(super) fn open(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        let Some(element) = elements::find(as_cell(name).as_bytes()) else { return };
        let size = attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case("size"));
        if name == "basefont"
            && let Some(size) = size.and_then(|attribute| absolute(attribute.value))
        {
            self.base_size = size;
            return;
        }
        if matches!(as_cell(name), "td" | "tr") {
            self.close_cells(name == "tr");
        }
        let mut look = Look { element: Some(element), ..self.top() };
        match name {
            "big" => look.size += 1,
            "small" => look.size -= 1,
            _ => self.read_attributes(&mut look, as_cell(name), attributes),
        }
        self.push(look, element);
    }

    fn push(&mut self, look: Look, element: Index) {
        self.stack.push(look);
        if let Some(count) = self.open.get_mut(element) {
            *count += 1;
        }
    }

    fn pop(&mut self) -> Option<Look> {
        let look = self.stack.pop()?;
        if let Some(count) = look.element.and_then(|element| self.open.get_mut(element)) {
            *count -= 1;
        }
        Some(look)
    }

    /// An end tag of an element that has style. Nothing ends with `</body>`.
    pub(super) fn close(&mut self, name: &str) {
        let element = elements::find(as_cell(name).as_bytes());
        let is_open =
            element.and_then(|element| self.open.get(element)).is_some_and(|&open| open > 0);
        if !is_open || name == "body" {
            return;
        }
        while let Some(look) = self.pop() {
            if look.element == element {
                return;
            }
        }
    }

    /// A cell ends the cell before it, a row the row before it.
    fn close_cells(&mut self, is_row: bool) {
        let place = |name: &str| elements::find(name.as_bytes());
        let closing = if is_row { place("tr") } else { place("td") };
        let is_open =
            closing.and_then(|element| self.open.get(element)).is_some_and(|&open| open > 0);
        let ends = [place("font"), place("td"), if is_row { closing } else { None }];
        while is_open
            && let Some(top) = self.stack.last()
            && top.element.is_some()
            && ends.contains(&top.element)
        {
            self.pop();
        }
    }

    fn read_attributes(&mut self, look: &mut Look, element: &str, attributes: &[Attribute<'_>]) {
        let mut seen = Vec::new();
        for attribute in attributes {
            let Some(name) = allowed(element, attribute.name) else { continue };
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            match name {
                "text" | "color" => look.text = Color::read(&attribute_value(attribute)),
                "size" => look.size = self.size(attribute.value).unwrap_or(look.size),
                "style" => read_style(look, self.top().ground, &attribute_value(attribute)),
                _ => {}
            }
            self.max_size = self.max_size.max(look.size);
            self.min_size = self.min_size.min(look.size);
        }
    }

    /// A size attribute: `+1`, `-1` or `4`.
    fn size(&self, value: &str) -> Option<i64> {
        let value = value.trim_ascii_start();
        match value.split_at_checked(1)? {
            ("+", digits) => absolute(digits).map(|size| self.base_size.saturating_add(size)),
            ("-", digits) => absolute(digits).map(|size| self.base_size.saturating_sub(size)),
            _ => absolute(value),
        }
    }
}

/// Table headings are cells.
fn as_cell(name: &str) -> &str {
    if name == "th" { "td" } else { name }
}

fn attribute_value<'a>(attribute: &'a Attribute<'_>) -> std::borrow::Cow<'a, str> {
    super::entities::decode(attribute.value, false).0
}

/// The name of an attribute in lower case, if it counts in an element.
fn allowed(element: &str, attribute: &str) -> Option<&'static str> {
    let list: &[&str] = match element {
        "basefont" | "font" => &["color", "face", "size"],
        "body" => &["text", "bgcolor", "link", "alink", "vlink", "background"],
        "marquee" => &["bgcolor", "background"],
        "table" | "td" | "tr" => &["bgcolor", "style"],
        "span" | "p" | "div" | "a" => &["style"],
        _ => &[],
    };
    list.iter().copied().find(|name| attribute.eq_ignore_ascii_case(name))
}

/// The digits with which a text begins, blanks aside.
fn absolute(value: &str) -> Option<i64> {
    let digits = value.trim_ascii_start();
    let end = digits.bytes().take_while(u8::is_ascii_digit).count();
    let digits = digits.get(..end.min(15))?;
    digits.parse().ok()
}

/// Reads a style attribute. `ground` is what is behind the element around.
fn read_style(look: &mut Look, ground: Color, style: &str) {
    let (mut text, mut own_ground) = (None, None);
    for declaration in style.split(';') {
        let Some((name, value)) = declaration.split_once(':') else { continue };
        let has_value = !value.is_empty() && !value.trim().contains('\n');
        let name = name.trim_start();
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            _ if !has_value => {}
            "color" => text = color(value).or(text),
            "background-color" => own_ground = color(value).or(own_ground),
            _ if name == "background" => {
                own_ground = background(value).map(Paint::Color).or(own_ground)
            }
            _ if value.is_empty() => {}
            _ if name.trim_end() == "display" => {
                look.is_displayed = !value.eq_ignore_ascii_case("none");
            }
            _ if name.trim_end() == "visibility" => {
                look.is_visible = !value.eq_ignore_ascii_case("hidden");
            }
            _ => {}
        }
    }
    look.ground = own_ground.map_or(look.ground, |paint| paint.on(ground));
    look.text = text.map_or(look.text, |paint| paint.on(look.ground));
}

/// What a style sets for a colour.
#[derive(Clone, Copy)]
enum Paint {
    Color(Color),
    Transparent,
}

impl Paint {
    fn on(self, ground: Color) -> Color {
        match self {
            Self::Color(color) => color,
            Self::Transparent => ground,
        }
    }
}

/// The value of a colour; `None` for one that changes nothing.
fn color(value: &str) -> Option<Paint> {
    let value = value.to_ascii_lowercase();
    let value = value.strip_suffix("important").map_or(value.as_str(), |start| {
        start.trim_end().strip_suffix('!').map_or(value.as_str(), str::trim_end)
    });
    match value {
        "inherit" => None,
        "transparent" => Some(Paint::Transparent),
        _ if value.contains("rgb") => Some(Paint::Color(rgb(value))),
        _ => Some(Paint::Color(Color::read(value))),
    }
}

/// The first three numbers, however they are written.
fn rgb(value: &str) -> Color {
    let kept: String = value.chars().filter(|c| c.is_ascii_digit() || *c == ',').collect();
    let mut numbers = kept.split(',').map(|number| match number {
        "" => 0,
        number => number.parse::<u8>().unwrap_or(255),
    });
    let mut next = || numbers.next().unwrap_or(0);
    Color::Rgb([next(), next(), next()])
}

/// The first colour in the last layer of a `background`.
fn background(value: &str) -> Option<Color> {
    let mut layer: Vec<String> = Vec::new();
    let mut last = Vec::new();
    let mut word = String::new();
    // Brackets and quotes that are open; brackets do not nest.
    let mut open: Vec<char> = Vec::new();
    for c in value.to_ascii_lowercase().chars() {
        match (open.last(), c) {
            (None, ' ' | ',') => {
                layer.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
                if c == ',' {
                    last = std::mem::take(&mut layer);
                }
                continue;
            }
            (None, '(') => open.push(')'),
            (None | Some(')'), '"' | '\'') => open.push(c),
            (Some(&end), _) if c == end => {
                open.pop();
            }
            _ => {}
        }
        word.push(c);
        if c == ')' && open.is_empty() {
            layer.push(std::mem::take(&mut word));
        }
    }
    layer.extend(Some(word).filter(|word| !word.is_empty()));
    let last = if layer.is_empty() { last } else { layer };
    last.iter().map(|word| Color::read(word)).find(|&color| color != Color::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden_by(name: &str, attributes: &[(&str, &str)]) -> Option<Hidden> {
        let attributes: Vec<_> =
            attributes.iter().map(|&(name, value)| Attribute { name, value }).collect();
        let mut styles = Styles::default();
        styles.open(name, &attributes);
        styles.hidden()
    }

    #[test]
    fn styles_hide_text() {
        for (style, hidden) in [
            ("display:none", Some(Hidden::Otherwise)),
            ("display : None ; x", Some(Hidden::Otherwise)),
            ("display:none !important", None),
            ("Display:none", None),
            ("visibility:HIDDEN", Some(Hidden::Otherwise)),
            ("color:white", Some(Hidden::LowContrast)),
            ("COLOR: #fefefe !important", Some(Hidden::LowContrast)),
            ("color:rgba(255, 255,255,.5)", Some(Hidden::LowContrast)),
            ("color:transparent", Some(Hidden::LowContrast)),
            ("background-color:black", Some(Hidden::LowContrast)),
            ("background:url(a b) no-repeat, #000 x", Some(Hidden::LowContrast)),
            ("background:black, url(x)", None),
            ("color:inherit", None),
            ("color:nonsense", Some(Hidden::InvalidColor)),
            ("color:", None),
            ("font-size:0", None),
        ] {
            assert_eq!(hidden_by("span", &[("style", style)]), hidden, "{style}");
            assert_eq!(hidden_by("i", &[("style", style)]), None, "{style}");
        }
    }

    #[test]
    fn attributes_hide_text() {
        for (name, attribute, value, hidden) in [
            ("font", "color", "#ffffff", Some(Hidden::LowContrast)),
            ("font", "COLOR", "#fff", Some(Hidden::LowContrast)),
            ("font", "size", "1", Some(Hidden::Otherwise)),
            ("font", "size", "-2", Some(Hidden::Otherwise)),
            ("font", "size", "-1", None),
            ("body", "text", "white", Some(Hidden::LowContrast)),
            ("body", "bgcolor", "black", None),
            ("p", "color", "white", None),
        ] {
            assert_eq!(
                hidden_by(name, &[(attribute, value)]),
                hidden,
                "{name} {attribute} {value}"
            );
        }
    }

    #[test]
    fn elements_end_as_they_do_in_tables() {
        let white = [Attribute { name: "style", value: "color:white" }];
        let mut styles = Styles::default();
        styles.open("td", &white);
        styles.open("td", &[]);
        assert_eq!(styles.hidden(), None);
        styles.open("span", &white);
        styles.close("td");
        assert_eq!(styles.hidden(), None);
        styles.open("div", &white);
        styles.close("p");
        assert_eq!(styles.hidden(), Some(Hidden::LowContrast));
        styles.open("big", &[]);
        styles.close("div");
        assert_eq!((styles.hidden(), styles.stack.len()), (None, 0));
    }
}
