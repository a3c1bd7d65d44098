# The table of a run: a row for each figure, a column for each filter, in Markdown. Reads what run.sh
# left in RESULTS. What a filter was not asked for, or does not say, is a dash.
# shellcheck shell=bash
set -euo pipefail
# shellcheck disable=SC2153  # who has run, given from outside
read -ra peers <<<"$PEERS"
readonly peers

# The value of a jq expression on the figures of one pass of one peer.
figure() {
    local file=$RESULTS/$1.$2.json
    [[ -s $file ]] || { echo "–"; return; }
    jq -r "($3) // \"–\"" "$file"
}

row() {
    local title=$1 peer
    shift
    printf '| %s |' "$title"
    for peer in "${peers[@]}"; do
        printf ' %s |' "$("$@" "$peer")"
    done
    echo
}

readonly rounded='if . == null then null elif . >= 100 then round elif . >= 10 then (. * 10 | round) / 10 else (. * 100 | round) / 100 end'

per_cpu_second() {
    figure "$1" 16 "if .cpu_ticks > 0 then (100 * .messages / .cpu_ticks | $rounded) else null end"
}
cpu_ms() {
    figure "$1" 16 "10 * .cpu_ticks / .messages | $rounded"
}
resolver_ms() {
    figure "$1" 16 "if .resolver_ticks then (10 * .resolver_ticks / .messages | $rounded) else null end"
}
per_second() {
    figure "$2" "$1" "if .messages_per_second then (.messages_per_second | $rounded) else null end"
}
latency() {
    figure "$2" "$1" "if .p50_ms then \"\\(.p50_ms | $rounded) / \\(.p99_ms | $rounded)\" else null end"
}
unanswered() {
    figure "$1" 16 'if .p50_ms then .unanswered else null end'
}
memory() {
    local file=$RESULTS/$1.kib
    [[ -s $file ]] && awk '{ printf "%.0f", $1 / 1024 }' "$file" || echo "–"
}
mistakes() {
    figure "$1" 16 '"\(.false_positives) / \(.false_negatives)"'
}
roca() {
    figure "$1" 16 'if .roca_percent then (.roca_percent * 1000 | round) / 1000 else null end'
}

# How many times gatepost's figure is the peer's.
times_gatepost() {
    awk -v ours="$("$1" gatepost)" -v theirs="$("$1" "$2")" \
        'BEGIN { if (ours + 0 > 0 && theirs + 0 > 0) printf "%.3g", ours / theirs; else print "–" }'
}

main() {
    local rate
    printf '| %s messages, %s taught |' "$(figure "${peers[0]}" 16 .messages)" "$((2 * TRAIN))"
    printf ' %s |' "${peers[@]}"
    printf '\n|---|'
    printf '%.0s---:|' "${peers[@]}"
    echo
    row 'messages a CPU second' per_cpu_second
    row '**gatepost, times as many**' times_gatepost per_cpu_second
    row 'CPU ms a message' cpu_ms
    row 'CPU ms of the resolver' resolver_ms
    row 'peak memory, MiB (PSS)' memory
    row '**gatepost, times that memory**' times_gatepost memory
    row 'messages a second at concurrency 16' per_second 16
    for pass in 1 4 16; do
        row "p50 / p99 ms at concurrency $pass" latency "$pass"
    done
    for rate in $RATES; do
        row "p50 / p99 ms at $rate messages a second" latency "rate-$rate"
    done
    row 'unanswered' unanswered
    row 'ham taken for spam / spam missed' mistakes
    row '1-ROCA %' roca
}

main
