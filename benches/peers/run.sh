# One run, inside the namespace that benches/peers.sh makes. Each peer has a file beside this one
# with the functions PEER_train, PEER_start (which sets `roots`, the processes that do its work) and
# `PEER_milter`; bogofilter, which is no milter, is measured by itself.
# shellcheck shell=bash
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
readonly here
# In memory; gone after the run.
readonly run=$TMPDIR
chmod 755 "$run"

# shellcheck source=benches/peers/measure.sh
source "$here/measure.sh"
for part in mail resolver gatepost rspamd spamassassin bogofilter; do
    # shellcheck disable=SC1090  # one after the other, all beside this file
    source "$here/$part.sh"
done

# What one peer does: taught, warmed up, measured, ended.
peer() {
    local name=$1
    local function=${name//-/_}
    local milter="${function}_milter" rate
    roots=()
    say "$name: training"
    "${function}_train"
    "${function}_start"
    say "$name: warming up"
    load "$name" warm --concurrency 4 --count 100
    watch_memory "$name"
    say "$name: concurrency 16"
    load "$name" 16 --concurrency 16 --count "$COUNT"
    load "$name" 4 --concurrency 4 --count $((COUNT / 4))
    load "$name" 1 --concurrency 1 --count $((COUNT / 8))
    for rate in $RATES; do
        # It cannot keep up with more than the lowest.
        [[ $name != spamassassin || $rate == "${RATES%% *}" ]] || continue
        say "$name: $rate messages a second"
        load "$name" "rate-$rate" --rate "$rate" --count $((rate * 30))
    done
    end "$name"
}

# Plays the mail that was not taught against a peer's milter; adds the CPU time that it took.
load() {
    local name=$1 pass=$2 milter="${1//-/_}_milter"
    local before resolver
    before=$(ticks "${roots[@]}")
    # shellcheck disable=SC2154  # set by resolver.sh
    resolver=$(ticks "$resolver_root")
    "$GATEPOST" replay --milter "${!milter}" --index "$run/test.tsv" --json "${@:3}" >"$run/figures"
    jq --argjson ticks $(($(ticks "${roots[@]}") - before)) \
        --argjson resolver $(($(ticks "$resolver_root") - resolver)) \
        '. + {cpu_ticks: $ticks, resolver_ticks: $resolver}' "$run/figures" >"$RESULTS/$name.$pass.json"
}

# Ends a peer's processes, its own before those it needs.
end() {
    local root
    unwatch_memory "$1"
    for root in "${roots[@]}"; do
        kill "$root" 2>/dev/null || true
        wait "$root" 2>/dev/null || true
    done
}

main() {
    local peer
    rm -f "$RESULTS"/*.json "$RESULTS"/*.kib
    split_mail
    start_resolver
    for peer in $PEERS; do
        if [[ $peer == bogofilter ]]; then
            bogofilter_all
        else
            peer "$peer"
        fi
    done
    cp "$run"/*.log "$RESULTS" 2>/dev/null || true
    cp /var/log/rspamd/rspamd.log "$RESULTS" 2>/dev/null || true
    bash "$here/table.sh" | tee "$RESULTS/table.txt"
}

main
