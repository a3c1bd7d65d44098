#!/usr/bin/env bash
# Where the time goes inside a message, by function: benches/profile/inside.sh INDEX… [--root ROOT]
#
# Judges as `cargo bench --bench profile` does, under perf. Shares are inclusive, of the samples in
# which a message is read and examined; indented rows are part of the row above them. Each function is
# found by its name: a row of 0 % was renamed or inlined.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly rows='reading: MIME tree|examine::Raw::parse
rules|rules::set::RuleSet::examine
  literals of all patterns (sieve)|prefilter::Prefilter::candidates
  patterns that run|group::Probe::examine
    lazy DFA|regex_automata::hybrid::search
    DFA states being made|hybrid::dfa::Lazy::cache_next_state
  header fields|query::HeaderQuery>::(read|values|texts)
  functions (eval)|eval::Question::
  fields of MIME parts|mime_header::MimeHeaders::examine
Bayes: features, with what they are the first to read|features::Features::read_message
Bayes: judge, explain|model::Model>::explain
texts and URIs, whoever asks first|mail::(texts::read|uri::uris|entity::Entities::read)|rawbody
  URIs, with the rendering they ask for|mail::uri::uris
  rendering|mail::texts::read
attachments|attachments::
sorting|core::slice::sort
memory|malloc|realloc|cfree|_int_free|unlink_chunk|memmove|memset'

table() {
    awk -v rows="$rows" '
        BEGIN {
            count = split(rows, row, "\n")
            for (at = 1; at <= count; at++) {
                name[at] = pattern[at] = row[at]
                sub(/\|.*/, "", name[at])
                sub(/^[^|]*\|/, "", pattern[at])
            }
        }
        function end_of_sample(    at) {
            if (stack ~ /examine::compute|Raw::parse/) {
                all++
                for (at = 1; at <= count; at++) hits[at] += stack ~ pattern[at]
            }
            stack = ""
        }
        NF == 0 { end_of_sample(); next }
        { stack = stack "\n" $0 }
        END {
            end_of_sample()
            printf "%d samples\n", all
            for (at = 1; at <= count; at++) printf "%-54s %5.1f %%\n", name[at], 100 * hits[at] / all
        }'
}

main() {
    local data
    command -v perf >/dev/null || { echo "inside.sh: there is no perf" >&2; exit 3; }
    [[ $# -gt 0 ]] || { sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2; }
    data=$(mktemp)
    trap 'rm -f "$data"' EXIT
    cargo bench --no-run --bench profile
    perf record --quiet --output "$data" --freq 250 --call-graph dwarf,32768 -- \
        cargo bench --bench profile -- --spin 6 "$@"
    perf script --input "$data" --no-inline --comm compute --fields ip,sym 2>/dev/null | table
}

[[ ${BASH_SOURCE[0]} != "$0" ]] || main "$@"
