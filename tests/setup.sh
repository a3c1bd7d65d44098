# What tests/run.sh and benches/peers.sh share: servers from packages, and a network namespace.
# shellcheck shell=bash
#
# Whoever sources this has set `packages` (what to install) and `programs` (what proves that each of
# them is there), and stands at the top of the repository.

# shellcheck disable=SC2154  # set by whoever sources this
: "${packages[@]}" "${programs[@]}"
readonly target=${CARGO_TARGET_DIR:-$PWD/target}
# sbin is not in everybody's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

fail() {
    echo "$0: $*" >&2
    exit 3
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    else
        sudo --non-interactive env "PATH=$PATH" "HOME=$HOME" "CARGO_TARGET_DIR=$target" \
            "GATEPOST_SENDMAIL=${GATEPOST_SENDMAIL-}" "$@"
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
policy="" scratch=""
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
    echo "$0: installing ${packages[*]}" >&2
    install_packages "${packages[@]}"
    [[ -z $(missing) ]] || fail "still missing after installation: $(missing)"
}

# Everything below runs in its own network, process, mount and host name namespace.
# shellcheck disable=SC2016  # expanded there
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
    chmod 644 "$resolv"
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
