//! Colours: their names (CSS) and what else stands for one.

use std::{collections::HashMap, sync::LazyLock};

/// The names that SpamAssassin knows, with red, green and blue in hexadecimal.
const NAMES: &str = "\
aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff \
beige f5f5dc bisque ffe4c4 black 000000 blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 \
brown a52a2a burlywood deb887 cadetblue 5f9ea0 chartreuse 7fff00 chocolate d2691e \
coral ff7f50 cornflowerblue 6495ed cornsilk fff8dc crimson dc143c cyan 00ffff \
darkblue 00008b darkcyan 008b8b darkgoldenrod b8860b darkgray a9a9a9 darkgreen 006400 \
darkgrey a9a9a9 darkkhaki bdb76b darkmagenta 8b008b darkolivegreen 556b2f darkorange ff8c00 \
darkorchid 9932cc darkred 8b0000 darksalmon e9967a darkseagreen 8fbc8f darkslateblue 483d8b \
darkslategray 2f4f4f darkslategrey 2f4f4f darkturquoise 00ced1 darkviolet 9400d3 \
deeppink ff1493 deepskyblue 00bfff dimgray 696969 dimgrey 696969 dodgerblue 1e90ff \
firebrick b22222 floralwhite fffaf0 forestgreen 228b22 fuchsia ff00ff gainsboro dcdcdc \
ghostwhite f8f8ff gold ffd700 goldenrod daa520 gray 808080 green 008000 greenyellow adff2f \
grey 808080 honeydew f0fff0 hotpink ff69b4 indianred cd5c5c indigo 4b0082 ivory fffff0 \
khaki f0e68c lavender e6e6fa lavenderblush fff0f5 lawngreen 7cfc00 lemonchiffon fffacd \
lightblue add8e6 lightcoral f08080 lightcyan e0ffff lightgoldenrodyellow fafad2 \
lightgray d3d3d3 lightgreen 90ee90 lightgrey d3d3d3 lightpink ffb6c1 lightsalmon ffa07a \
lightseagreen 20b2aa lightskyblue 87cefa lightslategray 778899 lightslategrey 778899 \
lightsteelblue b0c4de lightyellow ffffe0 lime 00ff00 limegreen 32cd32 linen faf0e6 \
magenta ff00ff maroon 800000 mediumaquamarine 66cdaa mediumblue 0000cd mediumorchid ba55d3 \
mediumpurple 9370db mediumseagreen 3cb371 mediumslateblue 7b68ee mediumspringgreen 00fa9a \
mediumturquoise 48d1cc mediumvioletred c71585 midnightblue 191970 mintcream f5fffa \
mistyrose ffe4e1 moccasin ffe4b5 navajowhite ffdead navy 000080 oldlace fdf5e6 olive 808000 \
olivedrab 6b8e23 orange ffa500 orangered ff4500 orchid da70d6 palegoldenrod eee8aa \
palegreen 98fb98 paleturquoise afeeee palevioletred db7093 papayawhip ffefd5 \
peachpuff ffdab9 peru cd853f pink ffc0cb plum dda0dd powderblue b0e0e6 purple 800080 \
red ff0000 rosybrown bc8f8f royalblue 4169e1 saddlebrown 8b4513 salmon fa8072 \
sandybrown f4a460 seagreen 2e8b57 seashell fff5ee sienna a0522d silver c0c0c0 \
skyblue 87ceeb slateblue 6a5acd slategray 708090 slategrey 708090 snow fffafa \
springgreen 00ff7f steelblue 4682b4 tan d2b48c teal 008080 thistle d8bfd8 tomato ff6347 \
turquoise 40e0d0 violet ee82ee wheat f5deb3 white ffffff whitesmoke f5f5f5 yellow ffff00 \
yellowgreen 9acd32";

static COLORS: LazyLock<HashMap<&str, u32>> = LazyLock::new(|| {
    let mut words = NAMES.split_ascii_whitespace();
    std::iter::from_fn(|| Some((words.next()?, u32::from_str_radix(words.next()?, 16).ok()?)))
        .collect()
});

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    /// Red, green and blue.
    Rgb([u8; 3]),
    /// A `#` without digits.
    Empty,
    /// What is no colour.
    Invalid,
}

impl Color {
    pub(super) const BLACK: Self = Self::Rgb([0; 3]);
    pub(super) const WHITE: Self = Self::Rgb([255; 3]);

    /// From an attribute or a style: a name, `#` with digits, or `rgb()`.
    pub(super) fn read(text: &str) -> Self {
        let text = text.trim().to_ascii_lowercase();
        if let Some(&rgb) = COLORS.get(text.as_str()) {
            let [_, rgb @ ..] = rgb.to_be_bytes();
            return Self::Rgb(rgb);
        }
        if let Some(digits) = text.strip_prefix('#') {
            let is_hex = |c: char| c == '#' || c.is_ascii_hexdigit();
            return if digits.chars().all(is_hex) {
                Self::of_digits(digits)
            } else {
                Self::Invalid
            };
        }
        Self::of_function(&text)
    }

    /// From digits as many as there are: of one to five, three count, each twice.
    fn of_digits(text: &str) -> Self {
        let mut digits = text.chars().filter_map(|c| c.to_digit(16)).take(6).collect::<Vec<_>>();
        if digits.is_empty() {
            return Self::Empty;
        }
        if digits.len() < 6 {
            digits.resize(3, 0);
            digits = digits.into_iter().flat_map(|digit| [digit, digit]).collect();
        }
        let mut bytes =
            digits.chunks(2).map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit));
        let mut byte = || bytes.next().and_then(|byte| u8::try_from(byte).ok()).unwrap_or(0);
        Self::Rgb([byte(), byte(), byte()])
    }

    /// `rgb(1, 2, 3)` or with per cent signs, anywhere in the text.
    fn of_function(text: &str) -> Self {
        let arguments = text.split("rgb(").skip(1).find_map(|behind| behind.split_once(')'));
        let Some((arguments, _)) = arguments else { return Self::Invalid };
        let mut hex = String::new();
        for argument in arguments.split(',') {
            let argument = argument.trim();
            let number = argument.strip_suffix('%').unwrap_or(argument);
            let Ok(value) = number.parse::<f64>() else { return Self::Invalid };
            let scaled = if number.len() < argument.len() { value / 100.0 * 255.0 } else { value };
            hex.push_str(&format!("{:02x}", scaled as u32));
        }
        if arguments.split(',').count() == 3 { Self::of_digits(&hex) } else { Self::Invalid }
    }

    /// Whether text of this colour on that one cannot be read, or hardly.
    pub(super) fn is_lost_on(self, ground: Self) -> bool {
        match (self, ground) {
            (Self::Rgb(text), Self::Rgb(ground)) => distance(text, ground) < 12.0,
            _ => self == ground,
        }
    }
}

/// How far two colours are from each other, weighted by how bright the eye sees them.
fn distance(a: [u8; 3], b: [u8; 3]) -> f64 {
    let parts = a.into_iter().zip(b).zip([0.2126, 0.7152, 0.0722]);
    let squares = parts.map(|((a, b), weight)| (weight * (f64::from(a) - f64::from(b))).powi(2));
    squares.sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_read() {
        for (text, color) in [
            (" Red ", Color::Rgb([255, 0, 0])),
            ("#FFF", Color::WHITE),
            ("#12345", Color::Rgb([0x11, 0x22, 0x33])),
            ("#12", Color::Rgb([0x11, 0x22, 0])),
            ("#0102030", Color::Rgb([1, 2, 3])),
            ("#", Color::Empty),
            ("#xyz", Color::Invalid),
            ("ffffff", Color::Invalid),
            ("", Color::Invalid),
            ("rgb(255, 255,255)", Color::WHITE),
            ("rgb(100%,0%,0%)", Color::Rgb([255, 0, 0])),
            ("rgb(1,2)", Color::Invalid),
        ] {
            assert_eq!(Color::read(text), color, "{text}");
        }
    }

    #[test]
    fn contrast_is_measured_as_the_eye_sees_it() {
        assert!(Color::read("#fefefe").is_lost_on(Color::WHITE));
        assert!(Color::read("#ffff80").is_lost_on(Color::WHITE));
        assert!(!Color::read("#ffff00").is_lost_on(Color::WHITE));
        assert!(
            Color::Invalid.is_lost_on(Color::Invalid) && !Color::Invalid.is_lost_on(Color::BLACK)
        );
    }
}
