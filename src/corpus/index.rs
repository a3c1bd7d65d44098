//! Index files: labelled messages, one a line: `spam|ham<TAB>path`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::verdict::Label;

/// Labelled messages from one or more index files.
#[derive(Debug, Default)]
pub struct Index {
    /// The names of the files, without folder and extension.
    pub corpora: Vec<String>,
    /// What they list, in order.
    pub entries: Vec<Entry>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub label: Label,
    /// The number of the index file, from 0.
    pub corpus: u16,
    /// Where it is.
    pub path: PathBuf,
}

/// An index file that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It cannot be read.
    #[error("cannot read the index {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line that is not of the form.
    #[error("{}:{line}: a line of an index is `spam` or `ham`, a tab and a path", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
}

impl Index {
    /// Reads index files. Paths that are not absolute are relative to `root`, or else to the
    /// folder of the index file.
    ///
    /// # Errors
    /// A file or line that cannot be read.
    pub fn read(files: &[PathBuf], root: Option<&Path>) -> Result<Self, IndexError> {
        let mut index = Self::default();
        for file in files {
            index.add(file, root)?;
        }
        Ok(index)
    }

    /// Adds one index file.
    ///
    /// # Errors
    /// It or a line of it cannot be read.
    pub fn add(&mut self, file: &Path, root: Option<&Path>) -> Result<(), IndexError> {
        let path = file.to_owned();
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(source) => return Err(IndexError::Unreadable { path, source }),
        };
        let corpus = u16::try_from(self.corpora.len()).unwrap_or(u16::MAX);
        let folder = root.or_else(|| file.parent()).unwrap_or(Path::new(""));
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            let Some((label, found)) = entry(text) else {
                return Err(IndexError::Line { path, line });
            };
            self.entries.push(Entry { label, corpus, path: folder.join(found) });
        }
        self.corpora.push(name(file));
        Ok(())
    }
}

/// Whether a file is an index, by its first line.
pub fn is_index(path: &Path) -> bool {
    let mut start = [0; 5];
    let read =
        fs::File::open(path).and_then(|mut file| io::Read::read_exact(&mut file, &mut start));
    read.is_ok() && (start.starts_with(b"spam\t") || start.starts_with(b"ham\t"))
}

fn entry(line: &str) -> Option<(Label, &str)> {
    let (label, path) = line.split_once('\t')?;
    let label = match label {
        "spam" => Label::Spam,
        "ham" => Label::Ham,
        _ => return None,
    };
    Some((label, path)).filter(|(_, path)| !path.is_empty())
}

fn name(file: &Path) -> String {
    file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_index_or_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mail.tsv");
        fs::write(&file, "spam\ta b.eml\n\nham\t/abs/c\n").unwrap();
        for (root, first) in
            [(None, folder.path().join("a b.eml")), (Some("/root"), "/root/a b.eml".into())]
        {
            let index = Index::read(&[file.clone(), file.clone()], root.map(Path::new)).unwrap();
            assert_eq!(index.corpora, ["mail", "mail"]);
            let spam = Entry { label: Label::Spam, corpus: 0, path: first };
            let ham = Entry { label: Label::Ham, corpus: 0, path: "/abs/c".into() };
            assert_eq!(index.entries[..2], [spam, ham]);
            assert_eq!(index.entries[3].corpus, 1);
        }
        assert!(is_index(&file));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mail.tsv");
        for text in ["ham\ta\nSPAM\tb\n", "ham\ta\nspam b\n", "ham\ta\nspam\t\n"] {
            fs::write(&file, text).unwrap();
            let error = Index::read(std::slice::from_ref(&file), None).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{}:2: ", file.display())), "{error}");
        }
        assert!(!is_index(folder.path()));
    }
}
