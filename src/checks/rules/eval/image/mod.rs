//! ImageInfo: how many images a message has, and how large they are.
//!
//! Sizes come from the first bytes of GIF, PNG and JPEG files in base64; no image is decoded.

mod size;

#[cfg(test)]
mod tests;

use size::Size;

use super::{Arguments, CallError, Entity, Function, Question, Standing};
use crate::checks::rules::conf::Conf;

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    same("image_count", |arguments, _| {
        let kinds = Kinds::read(arguments)?;
        let (least, most) = arguments.range(2)?;
        Ok(Question::yes_no(move |scene| {
            is_within(scene.images().of(kinds).count() as f64, least, most)
        }))
    }),
    same("pixel_coverage", |arguments, _| {
        let kinds = Kinds::read(arguments)?;
        let (least, most) = arguments.range(2)?;
        Ok(Question::yes_no(move |scene| is_within(scene.images().pixels(kinds), least, most)))
    }),
    same("image_to_text_ratio", |arguments, _| {
        let kinds = Kinds::read(arguments)?;
        let (least, below): (f64, f64) = (arguments.needed_number(2)?, arguments.needed_number(3)?);
        Ok(Question::yes_no(move |scene| {
            let text = scene.paragraphs().map(<[u8]>::len).sum::<usize>() as f64;
            let pixels = scene.images().pixels(kinds);
            text > 0.0 && pixels > 0.0 && (least..below).contains(&(text / pixels))
        }))
    }),
    same("image_size_exact", |arguments, _| {
        let kinds = Kinds::read(arguments)?;
        let size = Size { height: arguments.needed_number(2)?, width: arguments.needed_number(3)? };
        Ok(Question::yes_no(move |scene| scene.images().sizes(kinds).any(|other| other == size)))
    }),
    same("image_size_range", |arguments, _| {
        let kinds = Kinds::read(arguments)?;
        let least =
            Size { height: arguments.needed_number(2)?, width: arguments.needed_number(3)? };
        let (height, width): (Option<u32>, Option<u32>) =
            (arguments.number(4)?, arguments.number(5)?);
        let most = Size { height: height.unwrap_or(u32::MAX), width: width.unwrap_or(u32::MAX) };
        Ok(Question::yes_no(move |scene| {
            scene.images().sizes(kinds).any(|size| size.is_between(least, most))
        }))
    }),
    same("image_named", |arguments, _| {
        let name = arguments.text(1)?.to_owned();
        Ok(Question::yes_no(move |scene| scene.images().names().any(|other| other == name)))
    }),
    // Delimiters around the pattern would belong to it.
    same("image_name_regex", |arguments, _| {
        let matcher = arguments.pattern(1)?;
        Ok(Question::yes_no(move |scene| {
            scene.images().names().any(|name| matcher.is_match(name.as_bytes()))
        }))
    }),
];

const fn same(
    name: &'static str,
    make: fn(&Arguments, &Conf) -> Result<Question, CallError>,
) -> Function {
    Function { name, standing: Standing::Same, make }
}

fn is_within(value: f64, least: f64, most: Option<f64>) -> bool {
    value >= least && most.is_none_or(|most| value <= most)
}

/// The format of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Gif,
    Png,
    Jpeg,
}

impl Format {
    fn of_type(content_type: &str) -> Option<Self> {
        match content_type {
            "image/gif" => Some(Self::Gif),
            "image/png" => Some(Self::Png),
            "image/jpg" | "image/jpeg" => Some(Self::Jpeg),
            _ => None,
        }
    }
}

/// Which images a question is about.
#[derive(Clone, Copy, Debug)]
enum Kinds {
    All,
    Only(Format),
}

impl Kinds {
    /// From the first argument: `all`, or a format.
    fn read(arguments: &Arguments) -> Result<Self, CallError> {
        match arguments.text(1)? {
            "all" => Ok(Self::All),
            "gif" => Ok(Self::Only(Format::Gif)),
            "png" => Ok(Self::Only(Format::Png)),
            "jpeg" => Ok(Self::Only(Format::Jpeg)),
            _ => {
                let what = "not `all`, `gif`, `png` or `jpeg`".to_owned();
                Err(CallError::Value { number: 1, what })
            }
        }
    }

    fn have(self, format: Format) -> bool {
        match self {
            Self::All => true,
            Self::Only(only) => only == format,
        }
    }
}

/// The images of a message.
#[derive(Debug, Default)]
pub(in super::super) struct Images(Vec<Image>);

#[derive(Debug)]
struct Image {
    format: Format,
    /// `None` if its beginning is not what it should be.
    size: Option<Size>,
    name: Option<String>,
}

impl Images {
    /// Those that are attached in base64.
    pub(in super::super) fn of_entities(entities: &[Entity<'_>]) -> Self {
        let leaves =
            entities.iter().filter(|entity| entity.is_leaf() && entity.encoding == "base64");
        let images = leaves.filter_map(|entity| {
            let format = Format::of_type(entity.content_type)?;
            let size = match format {
                Format::Gif => size::of_gif(entity.content),
                Format::Png => size::of_png(entity.content),
                Format::Jpeg => size::of_jpeg(entity.content),
            };
            let size = size.filter(|size| size.height > 0 && size.width > 0);
            Some(Image { format, size, name: entity.name.map(str::to_owned) })
        });
        Self(images.collect())
    }

    fn of(&self, kinds: Kinds) -> impl Iterator<Item = &Image> {
        self.0.iter().filter(move |image| kinds.have(image.format))
    }

    fn sizes(&self, kinds: Kinds) -> impl Iterator<Item = Size> {
        self.of(kinds).filter_map(|image| image.size)
    }

    fn pixels(&self, kinds: Kinds) -> f64 {
        self.sizes(kinds).map(|size| f64::from(size.height) * f64::from(size.width)).sum()
    }

    /// The names of those with a size.
    fn names(&self) -> impl Iterator<Item = &str> {
        let images = self.0.iter().filter(|image| image.size.is_some());
        images.filter_map(|image| image.name.as_deref())
    }
}
