//! What a `style` attribute says about being seen, and where it leads.

/// The declarations that matter here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// `display:none` or `visibility:hidden`.
    pub(super) is_gone: bool,
    /// Whether the letters have no size; `None` where the style leaves it as it is.
    pub(super) is_tiny: Option<bool>,
}

/// Reads a style attribute; later declarations win over earlier ones.
pub(super) fn read(attribute: &str) -> Style {
    let mut style = Style::default();
    for declaration in attribute.split(';') {
        let Some((name, value)) = declaration.split_once(':') else { continue };
        let value = value.split('!').next().unwrap_or_default().trim();
        let is = |keyword: &str| value.eq_ignore_ascii_case(keyword);
        match name.trim().to_ascii_lowercase().as_str() {
            "display" => style.is_gone = is("none"),
            "visibility" => style.is_gone |= is("hidden"),
            "font-size" => style.is_tiny = no_size(value).or(style.is_tiny),
            _ => {}
        }
    }
    style
}

/// Whether a font size is zero; `None` for one relative to the element around.
fn no_size(value: &str) -> Option<bool> {
    let number_end = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let (number, unit) = value.split_at_checked(number_end)?;
    if !number.is_empty() && number.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return Some(true);
    }
    let relative = ["em", "%", "ex", "smaller", "larger", "inherit"];
    let is_relative = relative.iter().any(|name| unit.trim().eq_ignore_ascii_case(name));
    (!is_relative).then_some(false)
}

/// What stands in `url(...)`, without quotes.
pub(super) fn urls(attribute: &str) -> impl Iterator<Item = &str> {
    attribute.split("url(").skip(1).filter_map(|behind| {
        let (url, _) = behind.split_once(')')?;
        Some(url.trim().trim_matches(['"', '\'']))
    })
}
