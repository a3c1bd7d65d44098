//! The recipes of README.md: what people are told to write into their files is what is tested.

/// The code block that has `# NAME` for its first line, comments of scripts apart.
pub(crate) fn block(name: &str) -> String {
    let title = format!("# {name}");
    let text = include_str!("../../../README.md");
    let mut blocks = text.split("\n```").skip(1).step_by(2);
    let block = blocks.find(|block| block.lines().nth(1) == Some(&title));
    let block = block.unwrap_or_else(|| panic!("README.md has no block {title:?}"));
    let (_language, lines) = block.split_once('\n').unwrap();
    format!("{lines}\n")
}

/// The same with a test's own names in the place of those that the recipe uses; each must be there.
pub(crate) fn adapted(name: &str, names: &[(&str, &str)]) -> String {
    names.iter().fold(block(name), |text, (theirs, ours)| {
        assert!(text.contains(theirs), "no {theirs:?} in the recipe {name}:\n{text}");
        text.replace(theirs, ours)
    })
}
