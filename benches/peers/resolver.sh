# One name server for all: it knows a block list, and that there is nothing else.
# shellcheck shell=bash

# As a list that everybody here asks by default, or can.
readonly zone=zen.spamhaus.org

start_resolver() {
    {
        cat <<END
server:
    directory: "$run"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: "$run/unbound.log"
    interface: 127.0.0.1
    do-ip6: no
    num-threads: 1
    local-zone: "." static
    local-data: ". 300 IN SOA localhost. nobody.localhost. 1 3600 1200 604800 300"
    local-data: "localhost. 300 IN A 127.0.0.1"
    local-data: "2.0.0.127.$zone. 300 IN A 127.0.0.2"
END
        known_clients | awk -F . -v zone="$zone" '
            { printf "    local-data: \"%s.%s.%s.%s.%s. 300 IN A 127.0.0.4\"\n", $4, $3, $2, $1, zone }'
    } >"$run/unbound.conf"
    unbound -d -c "$run/unbound.conf" &
    resolver_root=$!
    await 53
    say "the list knows $(grep -c '127.0.0.4"' "$run/unbound.conf") clients"
}
