//! The directives that SpamAssassin knows by name, and which of them count here.

/// Directives that define a rule this engine does not run yet: the rule is left out.
const OTHER_RULES: &str = "uri_block_*";

/// Directives that are right and change nothing here; `*` stands for the rest of a name.
const WITHOUT_EFFECT: &str = "add_header all_spam_to allow_user_rules \
    always_trust_envelope_* asn_* authres_* auto_* awl_* bayes_* blacklist_* blocklist_* \
    body_part_scan_size capture_* clear_* country_db_* dcc_* dccifd_* def_* delete delist_uri_host \
    dkim_* dmarc_* dns_* do_not_use_* enlist_* envelope_sender_header extracttext_* \
    fns_* fold_headers freemail_* geodb_* hashbl_* header_address_* ignore_* inactive_languages \
    internal_networks lock_method max_* mbox_format_from_regex more_spam_to \
    msa_networks normalize_charset num_check_* ok_* olemacro_* originating_ip_headers \
    parse_dkim_uris phishing_* print_* pyzor_* rawbody_part_scan_size razor_* rbl_* redefine \
    redirector_pattern remove_header report report_* required_* resource_limit_* reuse \
    rewrite_header run_* shortcircuit shortcircuit_* skip_* spamcop_* spamtrap_* spf_* subjprefix \
    test textcat_* time_limit trigger_* trusted_networks txrep_* unblacklist_* \
    unblocklist_* unsafe_report unsafe_report_* unwelcomelist_* unwhitelist_* uri_country_* \
    uri_host_* uridnsbl_* url_* use_* user_* util_rb_* vbounce_* version_tag welcomelist_* \
    whitelist_*";

/// What becomes of a directive that is not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It defines a rule, which is left out.
    Rule,
    /// It changes nothing here.
    WithoutEffect,
    /// There is no such directive.
    Unknown,
}

/// What is known of a directive that is not acted on.
pub(super) fn directive(key: &str) -> Known {
    if is_among(key, OTHER_RULES) {
        Known::Rule
    } else if is_among(key, WITHOUT_EFFECT) {
        Known::WithoutEffect
    } else {
        Known::Unknown
    }
}

fn is_among(key: &str, names: &str) -> bool {
    names.split_whitespace().any(|name| match name.strip_suffix('*') {
        Some(beginning) => key.starts_with(beginning),
        None => key == name,
    })
}
