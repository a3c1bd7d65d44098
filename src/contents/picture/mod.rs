//! Pictures: what they show.
