//! What SpamAssassin knows by name: plugins, features, directives; and which of them count here.

/// Plugins whose questions another check answers, or whose directives this engine carries:
/// `ifplugin` holds for them, so that the scores in their blocks reach the findings. Blocks of
/// other plugins are passed over as in a SpamAssassin without them.
const PLUGINS: [&str; 8] =
    ["Bayes", "Check", "DKIM", "DMARC", "DNSEval", "RaciallyCharged", "SPF", "URIDNSBL"];

/// Features that `can(…)` and `has(…)` ask for.
const FEATURES: [&str; 8] = [
    "Conf::feature_bug6558_free",
    "Conf::feature_compile_regexp",
    "Conf::feature_header_first_last",
    "Conf::feature_header_match_many",
    "Conf::feature_local_tests_only",
    "Conf::feature_meta_rules_matching",
    "Conf::feature_yesno_takes_args",
    "Conf::has_tflags_nosubject",
];

/// Directives that define a rule this engine does not run yet: the rule is left out.
const OTHER_RULES: &str = "askdns mimeheader uri_block_* uri_detail uridnsbl uridnssub \
    urifullnsrhsbl urifullnsrhssub urinsrhsbl urinsrhssub urirhsbl urirhssub";

/// Directives that are right and change nothing here; `*` stands for the rest of a name.
const WITHOUT_EFFECT: &str = "add_header adsp_override all_spam_to allow_user_rules \
    always_trust_envelope_* asn_* authres_* auto_* awl_* bayes_* blacklist_* blocklist_* \
    body_part_scan_size capture_* clear_* country_db_* dcc_* dccifd_* def_* delete delist_uri_host \
    dkim_* dmarc_* dns_* do_not_use_* enable_compat enlist_* envelope_sender_header extracttext_* \
    fns_* fold_headers freemail_* geodb_* hashbl_* header_address_* ignore_* inactive_languages \
    include internal_networks loadplugin lock_method max_* mbox_format_from_regex more_spam_to \
    msa_networks normalize_charset num_check_* ok_* olemacro_* originating_ip_headers \
    parse_dkim_uris phishing_* print_* pyzor_* rawbody_part_scan_size razor_* rbl_* redefine \
    redirector_pattern remove_header replace_* report report_* required_* resource_limit_* reuse \
    rewrite_header run_* shortcircuit shortcircuit_* skip_* spamcop_* spamtrap_* spf_* subjprefix \
    test textcat_* time_limit trigger_* trusted_networks tryplugin txrep_* unblacklist_* \
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

/// Whether `ifplugin` holds for this module.
pub(super) fn is_plugin(module: &str) -> bool {
    let name = module.trim().strip_prefix("Mail::SpamAssassin::Plugin::");
    name.is_some_and(|name| PLUGINS.contains(&name))
}

/// Whether this engine has the feature that a module's method announces.
pub(super) fn can(method: &str) -> bool {
    let name = method.trim().strip_prefix("Mail::SpamAssassin::");
    name.is_some_and(|name| FEATURES.contains(&name))
}
