# CPU time and memory of processes, with everything they start.
# shellcheck shell=bash disable=SC2154  # run, here and others are set by run.sh

say() {
    echo "peers: $*" >&2
}

# Of all processes; one may end before it is read.
stats() {
    cat /proc/[0-9]*/stat 2>/dev/null || true
}

# CPU time so far, user and system, in ticks of 10 ms (proc(5)): of these processes, of those below
# them, and of those that have ended below them.
ticks() {
    stats | awk -v roots=" $* " '
        { pid = $1; sub(/^.*\) /, ""); parent[pid] = $2; own[pid] = $12 + $13 + $14 + $15 }
        END {
            for (pid in own)
                for (above = pid; above in own; above = parent[above])
                    if (index(roots, " " above " ")) { sum += own[pid]; break }
            print sum + 0
        }'
}

# These processes and those below them.
below() {
    stats | awk -v roots=" $* " '
        { pid = $1; sub(/^.*\) /, ""); parent[pid] = $2 }
        END {
            for (pid in parent)
                for (above = pid; above in parent; above = parent[above])
                    if (index(roots, " " above " ")) { print pid; break }
        }'
}

# Their memory now, in KiB: pages that are shared count once (PSS).
memory() {
    local pid
    for pid in $(below "$@"); do
        cat "/proc/$pid/smaps_rollup" 2>/dev/null || true
    done | awk '$1 == "Pss:" { sum += $2 } END { print sum + 0 }'
}

# The most memory of the peer from now on is kept in NAME.kib.
watch_memory() {
    local name=$1
    (
        peak=0
        while sleep 0.1; do
            now=$(memory "${roots[@]}")
            if ((now > peak)); then
                peak=$now
                echo "$peak" >"$RESULTS/$name.kib"
            fi
        done
    ) &
    watcher=$!
}

unwatch_memory() {
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
}

# Waits for a TCP port or a unix socket of this machine.
await() {
    local left
    for ((left = 600; left > 0; left--)); do
        case $1 in
        /*) [[ ! -S $1 ]] || return 0 ;;
        *) ! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || return 0 ;;
        esac
        sleep 0.1
    done
    say "nobody listens at $1 after a minute"
    return 1
}
