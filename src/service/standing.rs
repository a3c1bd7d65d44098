//! How the service stands, for `gatepost status`: what the configuration in force asks and starts.

use std::{sync::Arc, time::Instant};

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};

use super::Built;
use crate::{
    checks::lists::Lists,
    contents::{self, Readers},
    control::View,
};

/// How the service stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// For how long it has been running.
    pub up_seconds: u64,
    /// The DNS lists that are asked.
    pub lists: Vec<ListStatus>,
    /// Who looks into attachments; none: nobody does.
    pub contents: Option<contents::Status>,
}

/// How a DNS list is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListStatus {
    /// Its name for people.
    pub list: String,
    /// Its zone, without keys.
    pub zone: String,
    /// Why it is set aside; none while it is asked.
    pub aside: Option<String>,
}

/// What is looked at; another configuration brings others.
#[derive(Clone)]
pub(super) struct Standing {
    started: Instant,
    parts: Arc<ArcSwap<Parts>>,
}

struct Parts {
    lists: Option<Lists>,
    readers: Option<Arc<Readers>>,
}

impl Parts {
    fn of(built: &Built) -> Self {
        let (lists, readers) = (built.network.lists.clone(), built.filter.readers.clone());
        Self { lists, readers }
    }
}

impl Standing {
    pub(super) fn of(built: &Built) -> Self {
        let parts = Arc::new(ArcSwap::from_pointee(Parts::of(built)));
        Self { started: Instant::now(), parts }
    }

    /// From now on, this is in force.
    pub(super) fn renew(&self, built: &Built) {
        self.parts.store(Arc::new(Parts::of(built)));
    }

    /// For the control door.
    pub(super) fn view(&self) -> View {
        let standing = self.clone();
        Arc::new(move || serde_json::json!(standing.status()))
    }

    fn status(&self) -> Status {
        let parts = self.parts.load();
        let lists = parts.lists.iter().flat_map(Lists::status).map(|status| ListStatus {
            list: status.list,
            zone: status.zone,
            aside: status.aside.map(|reason| crate::chain(&reason)),
        });
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            up_seconds: self.started.elapsed().as_secs(),
            lists: lists.collect(),
            contents: parts.readers.as_ref().map(|readers| readers.status()),
        }
    }
}
