//! Keeps the DNS lists' health while a configuration is in force.

use std::sync::{Arc, Weak};

use super::Built;
