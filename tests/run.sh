#!/usr/bin/env bash
# Runs every test against real servers, from nothing installed.
#
#   tests/run.sh                    unit tests and tests/it, all of them
#   tests/run.sh --bench smtp       the load figures of benches/smtp/ (also: smtp overload, …)
#   tests/run.sh --bench spamassassin INDEX ROOT
#                                   the same rules in SpamAssassin: hits, scores, CPU time
#   tests/run.sh ARGUMENT...        passed on to `cargo test --release`, e.g. --test it early::
#
# Fetches the public corpus of tests/it/baseline.rs, which takes npm, if that is to run.
# Installs the servers from Debian or Ubuntu packages where they are missing (root, or sudo without
# a password), builds as you, then runs in a network namespace of its own: clients need addresses
# that look public, and nothing that is started here can reach out, collide with a service of this
# machine, or outlive the run.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly packages=(postfix clamav-daemon rbldnsd sasl2-bin libsasl2-modules libsasl2-modules-db
    dovecot-imapd dovecot-sieve m4 openssl iproute2 util-linux spamassassin)
# What proves that each of them is there; sbin is not in everybody's PATH.
readonly programs=(postfix smtp-source clamd rbldnsd saslpasswd2 dovecot sievec m4 openssl ip unshare
    spamassassin)
# Postfix and sendmail exclude each other as packages; sendmail is unpacked beside it.
readonly sendmail_packages=(sendmail-bin sendmail-base sendmail-cf)
readonly target=${CARGO_TARGET_DIR:-$PWD/target}
export GATEPOST_SENDMAIL=$target/sendmail
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

fail() {
    echo "tests/run.sh: $*" >&2
    exit 3
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    else
        sudo --non-interactive env "PATH=$PATH" "HOME=$HOME" "CARGO_TARGET_DIR=$target" \
            "GATEPOST_SENDMAIL=$GATEPOST_SENDMAIL" "$@"
    fi
}

require_root() {
    as_root true 2>/dev/null || fail "needs root or sudo without a password:" \
        "to install ${packages[*]}, and for a network namespace with addresses of its own"
}

require_namespaces() {
    as_root unshare --net --mount --uts --pid --fork true || fail "may not make namespaces" \
        "(a container needs CAP_SYS_ADMIN, e.g. docker run --privileged)"
}

# What is on the machine only while this runs.
policy= scratch=
clean_up() {
    [[ -z $policy ]] || as_root rm -f "$policy"
    [[ -z $scratch ]] || as_root rmdir "$scratch"
}
trap clean_up EXIT

# Programs, and packages where dpkg can tell: some hold only plug-ins.
missing() {
    local program package
    for program in "${programs[@]}"; do
        command -v "$program" >/dev/null || echo "$program"
    done
    command -v dpkg-query >/dev/null || return 0
    for package in "${packages[@]}"; do
        [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            echo "$package"
    done
}

# Quietly, and without starting the services that come with the packages. /usr/sbin/policy-rc.d is
# Debian's switch for that; one that is already there is left as it is.
apt() {
    local log
    log=$(mktemp)
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y "$@" >"$log" 2>&1 </dev/null || {
        cat "$log" >&2
        fail "apt-get $* failed"
    }
    rm -f "$log"
}

install_packages() {
    command -v apt-get >/dev/null || fail "no apt-get here; please install: ${packages[*]}" \
        "(missing: $(missing | tr '\n' ' '))"
    if [[ ! -e /usr/sbin/policy-rc.d ]]; then
        policy=/usr/sbin/policy-rc.d
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    apt update
    apt install --no-install-recommends "$@"
}

install_servers() {
    [[ -n $(missing) ]] || return 0
    echo "tests/run.sh: installing ${packages[*]}" >&2
    install_packages "${packages[@]}"
    [[ -z $(missing) ]] || fail "still missing after installation: $(missing)"
}

# The names of sendmail's libraries differ between releases, so they are read from the package.
sendmail_libraries() {
    dpkg-deb --field sendmail-bin_*.deb Depends | tr ',' '\n' |
        sed 's/^ *//; s/[ (|].*//' | grep -v '^sendmail'
}

unpack_sendmail() {
    local program=$GATEPOST_SENDMAIL/usr/libexec/sendmail/sendmail
    if [[ ! -x $program ]] || ldd "$program" | grep -q 'not found'; then
        echo "tests/run.sh: unpacking sendmail beside Postfix" >&2
        fetch_sendmail
    fi
    [[ -x $program ]] || fail "sendmail-bin has no /usr/libexec/sendmail/sendmail"
}

fetch_sendmail() {
    local folder=$GATEPOST_SENDMAIL.new package
    rm -rf "$folder"
    mkdir -p "$folder/packages"
    pushd "$folder/packages" >/dev/null
    apt-get -qq download "${sendmail_packages[@]}" 2>/dev/null || {
        apt update
        apt-get -qq download "${sendmail_packages[@]}" || fail "cannot download ${sendmail_packages[*]}"
    }
    for package in *.deb; do
        dpkg-deb --extract "$package" ..
    done
    # shellcheck disable=SC2046  # one package name a word
    install_packages $(sendmail_libraries)
    popd >/dev/null
    rm -rf "$GATEPOST_SENDMAIL"
    mv "$folder" "$GATEPOST_SENDMAIL"
}

# Everything below runs in its own network, process, mount and host name namespace.
readonly in_namespace='
set -euo pipefail
ip link set lo up
for net in 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24; do ip route add local "$net" dev lo; done
ip -6 route add local 2001:db8::/32 dev lo
echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind
# sendmail waits a minute at start if the name of its machine has no dot.
echo mx.example.test >/proc/sys/kernel/hostname
# The files of the tests: in memory, and below no folder that everybody may write to (sendmail
# insists). The benchmarks write to the disk, as mail servers do.
if [[ -n ${SCRATCH-} ]]; then
    mount -t tmpfs -o mode=755 tmpfs "$SCRATCH"
    export TMPDIR=$SCRATCH
fi
# A name server that refuses at once: nothing waits for the real one, which is out of reach.
if [[ -e /etc/resolv.conf ]]; then
    resolv=$(mktemp)
    echo "nameserver 127.0.0.1" >"$resolv"
    mount --bind "$resolv" "$(readlink -f /etc/resolv.conf)"
    rm -f "$resolv"
fi
ulimit -n "$(ulimit -Hn)"
exec "$@"
'

inside() {
    as_root env "SCRATCH=${scratch-}" unshare --net --mount --uts --pid --fork --kill-child --mount-proc \
        bash -c "$in_namespace" gatepost-tests "$@" </dev/null
}

main() {
    require_root
    install_servers
    require_namespaces
    unpack_sendmail
    if [[ ${1-} == --bench ]]; then
        [[ $# -ge 2 ]] || fail "--bench needs a name, e.g. smtp"
        cargo bench --no-run --bench "$2"
        inside cargo bench --offline --bench "$2" -- "${@:3}"
        return
    fi
    # The mail that a change must not make worse; all other tests do without.
    if [[ $# -eq 0 || $* == *baseline* ]]; then
        corpora/fetch spamassassin || fail "the SpamAssassin corpus could not be had: see corpora/README.md"
    fi
    cargo test --release --no-run
    scratch=$(as_root mktemp -d /run/gatepost-tests.XXXXXX)
    # The figures that tests print are shown for those that pass as well.
    local show=(-- --show-output)
    [[ " $* " != *" -- "* ]] || show=(--show-output)
    inside cargo test --release --offline --no-fail-fast "$@" "${show[@]}"
}

main "$@"
