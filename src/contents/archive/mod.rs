//! Files that hold files.

mod fields;
mod lock;

pub(super) mod cab;
pub(super) mod iso;
pub(super) mod packed;
pub(super) mod rar;
pub(super) mod seven_z;
pub(super) mod tar;
pub(super) mod tnef;
pub(super) mod zip;

#[cfg(test)]
mod bombs;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod tests;
