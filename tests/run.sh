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
    dovecot-imapd dovecot-sieve m4 openssl iproute2 util-linux spamassassin opendkim
    opendmarc nats-server faketime nftables libmail-spf-perl libmail-dkim-perl libmail-dmarc-perl
    tesseract-ocr tesseract-ocr-eng fonts-dejavu-core imagemagick qrencode zip p7zip-full bzip2 xz-utils
    zstd genisoimage)
# What proves that each of them is there.
readonly programs=(postfix smtp-source clamd rbldnsd saslpasswd2 dovecot sievec m4 openssl ip unshare
    spamassassin opendkim opendmarc nats-server faketime nft
    tesseract identify qrencode zip 7z bzip2 xz zstd genisoimage)
# Postfix and sendmail exclude each other as packages; sendmail is unpacked beside it.
readonly sendmail_packages=(sendmail-bin sendmail-base sendmail-cf)
# shellcheck source=tests/setup.sh
source tests/setup.sh
export GATEPOST_SENDMAIL=$target/sendmail

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
