# One name server for all: it knows the clients and senders of all mail, and a block list.
# shellcheck shell=bash disable=SC2034,SC2154  # shared with run.sh

# A list that the others ask by default.
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
    local-data: "client.example.org. 300 IN A 192.0.2.1"
    local-data: "1.2.0.192.in-addr.arpa. 300 IN PTR client.example.org."
END
        known_clients | awk -F . -v zone="$zone" '
            { printf "    local-data: \"%s.%s.%s.%s.%s. 300 IN A 127.0.0.4\"\n", $4, $3, $2, $1, zone }'
        known_names | awk '
            $2 == "MX" {
                printf "    local-data: \"%s. 300 IN MX 10 mx.%s.\"\n", $1, $1
                printf "    local-data: \"mx.%s. 300 IN A 192.0.2.26\"\n", $1
                next
            }
            {
                split($2, byte, ".")
                printf "    local-data: \"%s. 300 IN A %s\"\n", $1, $2
                printf "    local-data: \"%s.%s.%s.%s.in-addr.arpa. 300 IN PTR %s.\"\n",
                    byte[4], byte[3], byte[2], byte[1], $1
            }'
    } >"$run/unbound.conf"
    unbound -d -c "$run/unbound.conf" &
    resolver_root=$!
    await 53
    say "the list knows $(grep -c '127.0.0.4"' "$run/unbound.conf") clients, the name server" \
        "$(grep -c '" MX\| MX 10' "$run/unbound.conf") domains"
}
