//! What is inside the parts of a message.

mod archive;
mod budget;
mod document;
mod formats;
mod picture;
mod reading;

pub use budget::{Bounds, Budget};
pub use picture::{
    Grey, Look, Ocr, OcrError, PictureBounds, PictureError, PictureHash, PictureText, Reader, View,
    look, read,
};
