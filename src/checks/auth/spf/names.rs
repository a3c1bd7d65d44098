//! The client's names, and which of them are true (RFC 7208, sections 5.5 and 7.3).

use futures_util::future::join_all;

use super::{
    super::domain::is_in,
    evaluate::{Evaluation, MOST_NAMES, Stop},
    record::Prefixes,
};
use crate::dns::Records;

impl Evaluation<'_> {
    /// Whether the client has a true name in the domain. What fails here is no match (RFC 7208,
    /// section 5.5).
    pub(super) async fn names(&mut self, domain: &str) -> Result<bool, Stop> {
        let has_names = self.validate_names().await;
        self.count_void(!has_names)?;
        let names = self.validated.as_deref().unwrap_or_default();
        Ok(names.iter().any(|name| is_in(name, domain)))
    }

    /// Asks for the client's names, and for the addresses of these. False if it has none.
    pub(super) async fn validate_names(&mut self) -> bool {
        if self.validated.is_some() {
            return true;
        }
        let client = self.address();
        let names = match self.resolver.names_of(client, self.witness).await {
            Ok(Records { answers, .. }) => answers,
            Err(_) => {
                self.validated = Some(Vec::new());
                return true;
            }
        };
        let exactly = Prefixes { v4: 32, v6: 128 };
        let looked_at = names.iter().take(MOST_NAMES);
        let hosts = join_all(looked_at.clone().map(|name| self.host(name, exactly))).await;
        let validated = looked_at.zip(hosts).filter(|(_, hit)| matches!(hit, Ok(Some(true))));
        self.validated = Some(validated.map(|(name, _)| name.clone()).collect());
        !names.is_empty()
    }

    /// The name that `%{p}` stands for: the domain itself, or one in it, or any (RFC 7208,
    /// section 7.3).
    pub(super) fn validated_name(&self, domain: &str) -> &str {
        let names = self.validated.as_deref().unwrap_or_default();
        let itself = names.iter().find(|name| name.eq_ignore_ascii_case(domain));
        let within = || names.iter().find(|name| is_in(name, domain));
        itself.or_else(within).or(names.first()).map_or("unknown", String::as_str)
    }
}
