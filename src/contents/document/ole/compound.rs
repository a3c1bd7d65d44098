//! Compound files ([MS-CFB]): storages and streams in sectors.
//!
//! Own code: the tables of hostile files loop, cross, and claim what is not there. Here every chain is as long
//! as its stream says and the file allows, every stream goes through the budget, and a damaged table costs
//! what it damages alone.

use std::collections::HashSet;

use crate::contents::{
    document::{
        charset,
        little::{size_at, u16_at, u32_at},
        steps::Steps,
    },
    reading::{ReadError, Reading},
};

/// The end of a chain, and all numbers behind that are no sectors.
const NO_SECTOR: u32 = 0xffff_fffa;

/// No entry of the directory.
const NO_ENTRY: u32 = 0xffff_ffff;

/// Streams below this size are small, whatever the file says: programs know no other.
const CUTOFF: usize = 4_096;

/// How many entries of the directory are read.
const MOST_ENTRIES: usize = 20_000;

/// How deep storages may stand in storages.
const DEEPEST: usize = 24;

/// A compound file.
pub(in crate::contents::document) struct Compound<'b> {
    bytes: &'b [u8],
    sector: usize,
    fat: Vec<u32>,
    small_sector: usize,
    small_fat: Vec<u32>,
    /// What small streams are in.
    small: Vec<u8>,
    nodes: Vec<Node>,
}

/// A storage or stream.
#[derive(Clone, Debug, Default)]
pub(in crate::contents::document) struct Node {
    /// Names of the storages around it and its own, with slashes between; the root has none.
    pub path: String,
    /// It is a stream.
    pub is_stream: bool,
    /// The class of a storage.
    pub class: [u8; 16],
    start: u32,
    /// In bytes, as claimed.
    pub size: usize,
}

impl Node {
    /// Its own name.
    pub(in crate::contents::document) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The path of what it is in, with the slash behind.
    pub(in crate::contents::document) fn folder(&self) -> &str {
        self.path.strip_suffix(self.name()).unwrap_or_default()
    }
}

/// An entry as the directory has it.
struct Raw {
    name: String,
    node: Node,
    left: u32,
    right: u32,
    child: u32,
}

impl<'b> Compound<'b> {
    /// Opens one.
    ///
    /// # Errors
    /// It is none, or the budget is used up.
    pub(in crate::contents::document) fn open(
        bytes: &'b [u8],
        reading: &mut Reading<'_>,
    ) -> Result<Self, ReadError> {
        let cut = || ReadError::broken("no compound file");
        let shift = u32::from(u16_at(bytes, 30).ok_or_else(cut)?);
        let small_shift = u32::from(u16_at(bytes, 32).ok_or_else(cut)?);
        if !(7..=16).contains(&shift) || !(4..=shift).contains(&small_shift) {
            return Err(ReadError::broken("sectors of no possible size"));
        }
        let mut compound = Self {
            bytes,
            sector: 1 << shift,
            fat: Vec::new(),
            small_sector: 1 << small_shift,
            small_fat: Vec::new(),
            small: Vec::new(),
            nodes: Vec::new(),
        };
        compound.read_fat(reading)?;
        let small_fat = compound.chain(u32_at(bytes, 60).ok_or_else(cut)?, usize::MAX, reading)?;
        compound.small_fat = numbers(&small_fat);
        let directory = compound.chain(u32_at(bytes, 48).ok_or_else(cut)?, usize::MAX, reading)?;
        let entries: Vec<Raw> = directory.chunks_exact(128).take(MOST_ENTRIES).map(raw).collect();
        let root = entries.first().ok_or_else(cut)?;
        compound.small = compound.chain(root.node.start, root.node.size, reading)?;
        compound.nodes = tree(&entries);
        Ok(compound)
    }

    /// All storages and streams, each behind what holds it; the root first.
    pub(in crate::contents::document) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The stream of this path, whatever its case.
    pub(in crate::contents::document) fn find(&self, path: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.is_stream && node.path.eq_ignore_ascii_case(path))
    }

    /// The bytes of a stream, as many as there are.
    ///
    /// # Errors
    /// The budget is used up.
    pub(in crate::contents::document) fn stream(
        &self,
        node: &Node,
        reading: &mut Reading<'_>,
    ) -> Result<Vec<u8>, ReadError> {
        if node.size >= CUTOFF {
            return self.chain(node.start, node.size, reading);
        }
        let sectors = Sectors { bytes: &self.small, size: self.small_sector, skipped: 0 };
        follow(&sectors, &self.small_fat, (node.start, node.size), reading)
    }

    /// The stream of this path, if there is one.
    ///
    /// # Errors
    /// The budget is used up.
    pub(in crate::contents::document) fn load(
        &self,
        path: &str,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        self.find(path).map(|node| self.stream(node, reading)).transpose()
    }

    fn sector(&self, number: u32) -> Option<&'b [u8]> {
        Sectors { bytes: self.bytes, size: self.sector, skipped: 1 }.get(number)
    }

    fn chain(
        &self,
        start: u32,
        size: usize,
        reading: &mut Reading<'_>,
    ) -> Result<Vec<u8>, ReadError> {
        let sectors = Sectors { bytes: self.bytes, size: self.sector, skipped: 1 };
        follow(&sectors, &self.fat, (start, size), reading)
    }

    /// The table of chains, by the list of its sectors, the end of which is a chain of its own.
    fn read_fat(&mut self, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let most = self.bytes.len() / self.sector + 1;
        let mut list = numbers(self.bytes.get(76..512).unwrap_or_default());
        let mut next = u32_at(self.bytes, 68).unwrap_or(NO_SECTOR);
        for _ in 0..most {
            reading.time()?;
            let Some(sector) = self.sector(next).filter(|_| list.len() < most) else { break };
            let mut more = numbers(sector);
            next = more.pop().unwrap_or(NO_SECTOR);
            list.extend(more);
        }
        for number in list.into_iter().take(most) {
            if self.fat.len() > most + self.sector {
                break;
            }
            if let Some(sector) = self.sector(number) {
                self.fat.extend(numbers(sector));
            }
        }
        Ok(())
    }
}

/// Bytes in sectors of one size.
struct Sectors<'s> {
    bytes: &'s [u8],
    size: usize,
    /// How many stand before the first: the header.
    skipped: usize,
}

impl<'s> Sectors<'s> {
    /// A sector; the last may be short.
    fn get(&self, number: u32) -> Option<&'s [u8]> {
        if number >= NO_SECTOR {
            return None;
        }
        let start = (number as usize).checked_add(self.skipped)?.checked_mul(self.size)?;
        let rest = self.bytes.get(start..)?;
        Some(rest.get(..self.size).unwrap_or(rest)).filter(|sector| !sector.is_empty())
    }
}

/// A chain of sectors, up to this size. No chain is longer than all sectors are.
fn follow(
    sectors: &Sectors<'_>,
    table: &[u32],
    (start, size): (u32, usize),
    reading: &mut Reading<'_>,
) -> Result<Vec<u8>, ReadError> {
    let most = (sectors.bytes.len() / sectors.size + 1).min(size.div_ceil(sectors.size));
    let (mut next, mut count, mut left) = (start, 0, size);
    let mut steps = Steps::new(|out: &mut Vec<u8>| {
        let Some(sector) = sectors.get(next).filter(|_| count < most) else { return Ok(false) };
        let part = sector.get(..left).unwrap_or(sector);
        out.extend_from_slice(part);
        left -= part.len();
        count += 1;
        next = table.get(next as usize).copied().unwrap_or(NO_SECTOR);
        Ok(true)
    });
    reading.load(&mut steps, (sectors.bytes.len() as u64).max(1))
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
}

fn raw(entry: &[u8]) -> Raw {
    let length = u16_at(entry, 64).map_or(0, usize::from).clamp(2, 64) - 2;
    let number = |at| u32_at(entry, at).unwrap_or(NO_ENTRY);
    let kind = entry.get(66).copied().unwrap_or(0);
    let class = entry.get(80..96).and_then(|class| class.try_into().ok()).unwrap_or_default();
    let node = Node {
        path: String::new(),
        is_stream: kind == 2,
        class,
        start: number(116),
        size: size_at(entry, 120).unwrap_or(0),
    };
    Raw {
        name: charset::utf16(entry.get(..length).unwrap_or_default()).replace('/', "_"),
        node,
        left: number(68),
        right: number(72),
        child: number(76),
    }
}

/// The entries that the tree reaches, each once, with their paths.
fn tree(entries: &[Raw]) -> Vec<Node> {
    let mut seen = HashSet::from([0]);
    let mut nodes: Vec<Node> = entries.first().map(|root| root.node.clone()).into_iter().collect();
    let top = entries.first().map_or(NO_ENTRY, |root| root.child);
    let mut stack = vec![(top, String::new(), 0)];
    while let Some((number, folder, depth)) = stack.pop() {
        let Some(entry) = entries.get(number as usize).filter(|_| seen.insert(number)) else {
            continue;
        };
        let path = format!("{folder}{}", entry.name);
        stack.push((entry.right, folder.clone(), depth));
        stack.push((entry.left, folder, depth));
        if !entry.node.is_stream && depth < DEEPEST {
            stack.push((entry.child, format!("{path}/"), depth + 1));
        }
        nodes.push(Node { path, ..entry.node.clone() });
    }
    nodes
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use super::*;
    use crate::contents::document::testing::told;

    fn sample() -> Vec<u8> {
        let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        file.create_storage("/Store").unwrap();
        for (path, size) in [("/Small", 100), ("/Store/Large", 70_000), ("/Store/Empty", 0)] {
            let content: Vec<u8> = (0..size).map(|at| (at / 7) as u8).collect();
            file.create_stream(path).unwrap().write_all(&content).unwrap();
        }
        file.flush().unwrap();
        file.into_inner().into_inner()
    }

    #[test]
    fn streams_are_read_whole() {
        let file = sample();
        told(|reading| {
            let compound = Compound::open(&file, reading).unwrap();
            let mut paths: Vec<&str> = compound.nodes().iter().map(|node| &*node.path).collect();
            paths.sort_unstable();
            assert_eq!(paths, ["", "Small", "Store", "Store/Empty", "Store/Large"]);
            for (path, size) in [("small", 100), ("store/large", 70_000), ("store/empty", 0)] {
                let content: Vec<u8> = (0..size).map(|at| (at / 7) as u8).collect();
                assert_eq!(compound.load(path, reading).unwrap(), Some(content), "{path}");
            }
            assert_eq!(compound.load("none", reading).unwrap(), None);
        });
    }

    #[test]
    fn loops_and_claims_end() {
        let mut file = sample();
        // Every chain is a loop.
        let fat = (u32_at(&file, 76).unwrap() as usize + 1) << u16_at(&file, 30).unwrap();
        for at in (0..512).step_by(4) {
            file[fat + at..fat + at + 4].copy_from_slice(&1_u32.to_le_bytes());
        }
        told(|reading| {
            if let Ok(compound) = Compound::open(&file, reading) {
                for node in compound.nodes() {
                    drop(compound.stream(node, reading));
                }
            }
        });
    }

    proptest::proptest! {
        #[test]
        fn damaged_files_have_some_answer(places in proptest::collection::vec((0..1_600_usize, 0..=255_u8), 1..20), cut in 0..5_000_usize) {
            let mut file = sample();
            for (at, byte) in places {
                file[at] = byte;
            }
            file.truncate(file.len() - cut);
            told(|reading| {
                if let Ok(compound) = Compound::open(&file, reading) {
                    for node in compound.nodes() {
                        drop(compound.stream(node, reading));
                    }
                }
            });
        }
    }
}
