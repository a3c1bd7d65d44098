#!/usr/bin/env bash
# Other filters and gatepost on the same mail in the same run: CPU time, latency, memory, accuracy.
#
#   benches/peers.sh [INDEX [ROOT]]
#
# INDEX has lines `spam|ham<TAB>path`, in an order that mixes both; paths are relative to ROOT, else to
# the folder of INDEX. Without it the SpamAssassin corpus is used, which `corpora/fetch` gets.
#
# Prints one table, and leaves everything it was made from in target/peers. What can be set from
# outside, with what it is else:
#
#   PEERS="gatepost gatepost-stock rspamd spamassassin bogofilter"
#                 who runs, one after the other; gatepost-stock is gatepost with the stock rules of
#                 SpamAssassin beside its own
#   TRAIN=300     messages of spam, and of ham, that everybody is taught first
#   COUNT=2000    messages judged at concurrency 16; a quarter of them at 4, an eighth at 1
#   RATES="10 50" messages a second for the comparison at the same rate, for 30 seconds each;
#                 SpamAssassin is asked for the first only
#
# Everybody runs as Debian packages it, with these exceptions: no greylisting (repeated mail would
# be free), a statistics database of its own, a header field with the score, no learning on the way
# of what everybody has been taught. All DNS questions are answered on this machine, at once: by
# NXDOMAIN, but for a list that knows the clients of the spam that was taught.
#
# Installs what is missing like tests/run.sh (root, or sudo without a password), and runs in a
# network namespace of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly packages=(rspamd redis-server spamassassin spamd spamc spamass-milter bogofilter unbound jq
    iproute2 util-linux)
readonly programs=(rspamd redis-server spamd spamass-milter bogofilter unbound jq ip unshare)
# shellcheck source=tests/setup.sh
source tests/setup.sh

main() {
    [[ $# -le 2 ]] || fail "usage: benches/peers.sh [INDEX [ROOT]]"
    if [[ $# -eq 0 ]]; then
        corpora/fetch spamassassin || fail "the SpamAssassin corpus could not be had: see corpora/README.md"
        set -- corpora/mail/spamassassin.tsv
    fi
    [[ -r $1 ]] || fail "cannot read the index $1"
    local index root
    index=$(realpath "$1")
    root=$(realpath "${2:-$(dirname "$1")}")
    require_root
    install_servers
    require_namespaces
    cargo build --release
    local results=$target/peers
    mkdir -p "$results"
    scratch=$(as_root mktemp -d /run/gatepost-peers.XXXXXX)
    inside env "GATEPOST=$target/release/gatepost" "INDEX=$index" "ROOT=$root" "RESULTS=$results" \
        "TRAIN=${TRAIN:-300}" "COUNT=${COUNT:-2000}" "RATES=${RATES:-10 50}" \
        "PEERS=${PEERS:-gatepost gatepost-stock rspamd spamassassin bogofilter}" \
        bash benches/peers/run.sh
}

main "$@"
