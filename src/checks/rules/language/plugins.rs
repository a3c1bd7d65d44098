//! Plugins and features of SpamAssassin: what `ifplugin`, `can(…)` and `has(…)` say here.

use std::collections::BTreeSet;

use super::super::eval;

/// Loaded without being asked for: those that Debian's package loads.
const DEFAULT: &str = "AskDNS AutoLearnThreshold Bayes BodyEval Check DKIM DMARC DNSEval FreeMail \
    HTMLEval HTTPSMismatch HashBL HeaderEval ImageInfo MIMEEval MIMEHeader Pyzor Razor2 RelayEval \
    ReplaceTags SPF SpamCop URIDNSBL URIDetail URIEval VBounce WLBLEval WelcomeListSubject";

/// Others that this engine has, and that `loadplugin` switches on, apart from those with functions
/// in [`eval::PLUGINS`].
const OPTIONAL: &str = "Shortcircuit";

/// True of any SpamAssassin up to 4.0, without a file of that name.
const ALWAYS: &str = "RaciallyCharged";

/// What 4.0.1 announces by methods, by the plugin that has them; `Conf` is there always.
const FEATURES: [(&str, &str); 14] = [
    (
        "Conf",
        "feature_bayes_auto_learn_on_error feature_bayes_stopwords feature_blocklist_welcomelist \
         feature_bug6558_free feature_capture_rules feature_compile_regexp feature_dns_block_rule \
         feature_dns_local_ports_permit_avoid feature_dns_query_restriction feature_edns \
         feature_geodb feature_get_host feature_header_address_parser feature_header_first_last \
         feature_header_match_many feature_local_tests_only feature_meta_rules_matching \
         feature_originating_ip_headers feature_registryboundaries feature_subjprefix \
         feature_uri_host_listed feature_welcomelist_blocklist feature_yesno_takes_args \
         has_tflags_nolog has_tflags_nosubject perl_min_version_5010000",
    ),
    ("Plugin::ASN", "has_asn_geodb has_asn_lookup_ipv6 has_check_asn has_check_asn_tag"),
    ("Plugin::AskDNS", "has_tag_header"),
    ("Plugin::BodyEval", "has_check_body_length has_plaintext_body_sig_ratio"),
    ("Plugin::DKIM", "has_arc"),
    ("Plugin::DNSEval", "has_tflags_domains_only has_tflags_ips_only"),
    (
        "Plugin::HashBL",
        "has_hashbl_attachments has_hashbl_bodyre has_hashbl_bodyre_num \
         has_hashbl_email_domain has_hashbl_email_domain_alias has_hashbl_email_regex \
         has_hashbl_email_welcomelist has_hashbl_email_whitelist has_hashbl_emails \
         has_hashbl_ignore has_hashbl_sha256 has_hashbl_tag has_hashbl_uris",
    ),
    (
        "Plugin::MIMEEval",
        "has_check_abundant_unicode_ratio has_check_for_ascii_text_illegal has_check_qp_ratio",
    ),
    (
        "Plugin::MIMEHeader",
        "has_all_header has_capture_rules has_tflags_concat has_tflags_multiple has_tflags_range",
    ),
    ("Plugin::Pyzor", "has_fork has_perl"),
    ("Plugin::Razor2", "has_fork"),
    ("Plugin::SPF", "has_check_for_spf_errors has_check_spf_skipped_noenvfrom"),
    (
        "Plugin::URIDNSBL",
        "has_subtest_for_ranges has_tflags_domains_only has_tflags_notrim has_uridnsbl_a_ns \
         has_uridnsbl_for_a has_uridnsbl_skip_mailto",
    ),
    ("Plugin::URIDetail", "has_host_key"),
];

/// What conditions are asked of, as far as the files read so far have made it.
#[derive(Clone, Debug)]
pub(in super::super) struct World {
    /// Short names of the plugins that `loadplugin` lines switched on.
    loaded: BTreeSet<&'static str>,
    /// What `enable_compat` lines named.
    compatible: BTreeSet<String>,
    /// Nothing asks the network.
    pub(super) local_tests_only: bool,
}

impl World {
    /// Before any file: Debian's defaults.
    pub(in super::super) fn new(local_tests_only: bool) -> Self {
        let compatible = BTreeSet::from(["welcomelist_blocklist".to_owned()]);
        Self { loaded: BTreeSet::new(), compatible, local_tests_only }
    }

    /// `loadplugin`: whether this engine has such a plugin.
    pub(in super::super) fn load(&mut self, module: &str) -> bool {
        let Some(name) = short(module) else { return false };
        let optional = OPTIONAL.split_whitespace();
        let mut known = optional.chain(eval::PLUGINS.iter().map(|(plugin, _)| *plugin));
        match known.find(|known| *known == name) {
            Some(known) => {
                self.loaded.insert(known);
                true
            }
            None => is_default(name),
        }
    }

    /// Whether `loadplugin` of this module changes nothing.
    pub(in super::super) fn has(&self, module: &str) -> bool {
        short(module).is_some_and(|name| is_default(name) || self.loaded.contains(name))
    }

    /// `enable_compat`.
    pub(in super::super) fn enable_compat(&mut self, feature: &str) {
        self.compatible.insert(feature.to_owned());
    }

    /// `plugin(…)`.
    pub(super) fn plugin(&self, module: &str) -> bool {
        short(module) == Some(ALWAYS) || self.has(module)
    }

    /// `can(…)` and `has(…)`.
    pub(super) fn can(&self, method: &str) -> bool {
        let Some(path) = method.trim().strip_prefix("Mail::SpamAssassin::") else { return false };
        let Some((module, method)) = path.rsplit_once("::") else { return false };
        if let Some(feature) = method.strip_prefix("compat_").filter(|_| module == "Conf") {
            return self.compatible.contains(feature);
        }
        let there = module
            .strip_prefix("Plugin::")
            .is_none_or(|name| is_default(name) || self.loaded.contains(name));
        let features = FEATURES.iter().find(|(name, _)| *name == module);
        there && features.is_some_and(|(_, names)| names.split_whitespace().any(|n| n == method))
    }
}

fn is_default(name: &str) -> bool {
    DEFAULT.split_whitespace().any(|default| default == name)
}

/// The name behind `Mail::SpamAssassin::Plugin::`, new names for old ones.
fn short(module: &str) -> Option<&str> {
    match module.trim().strip_prefix("Mail::SpamAssassin::Plugin::")? {
        "Dmarc" => Some("DMARC"),
        "WhiteListSubject" => Some("WelcomeListSubject"),
        name => Some(name),
    }
}
