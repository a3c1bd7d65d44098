//! `check_msg_parse_flags`: what the parser noted about a message.

use crate::mail::Flags;

/// Reads one of the flags.
pub(super) type Flag = fn(&Flags) -> bool;

/// A flag by its name; `None` if there is none of that name.
pub(super) fn parse(name: &str) -> Option<Flag> {
    Some(match name {
        "missing_head_body_separator" => |flags| flags.missing_head_body_separator,
        "truncated_header" => |flags| flags.truncated_header,
        "missing_mime_headers" => |flags| flags.missing_mime_headers,
        "missing_mime_head_body_separator" => |flags| flags.missing_mime_head_body_separator,
        "mime_epilogue_exists" => |flags| flags.mime_epilogue_exists,
        "mimepart_limit_exceeded" => |flags| flags.mimepart_limit_exceeded,
        _ => return None,
    })
}
