#!/usr/bin/env bash
# Fuzzes one target for a while, from seeds made of what the tests have.
#
#   tests/fuzz/run.sh message|pattern|rules|authentication|contents|picture [SECONDS [LIBFUZZER-OPTION...]]
#   GATEPOST_RULES=/usr/share/spamassassin tests/fuzz/run.sh message 600
#
# Needs a nightly compiler and `cargo install cargo-fuzz`. Ends with an error and a file in
# tests/fuzz/artifacts/ if there is a finding; new inputs stay in tests/fuzz/corpus/.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly target=${1:?message, pattern, rules, authentication, contents or picture} seconds=${2:-600}
readonly corpus=tests/fuzz/corpus/$target seeds=tests/fuzz/corpus/$target-seeds

# One file for each message of the built-in rules' cases.
message_seeds() {
    cat rules/*.cases | awk -v folder="$seeds" '
        /^###/ { close(file); file = sprintf("%s/%05d", folder, ++count); blank = 1; next }
        file == "" || (blank && /^$/) { next }
        { blank = 0; print > file }'
    cp tests/fuzz/everything.eml "$seeds/everything"
}

# Pattern and subject of each line that says what Perl does.
pattern_seeds() {
    grep -v '^# ' src/checks/rules/pattern/patterns.tsv | awk -F '\t' -v folder="$seeds" '
        { file = sprintf("%s/%05d", folder, NR); print $1 "\n" $2 > file; close(file) }'
}

# The built-in rules in pieces of a few lines, and everything that there is.
rules_seeds() {
    cat rules/*.cf tests/fuzz/every.cf | grep -v '^#' | split -l 6 -a 4 - "$seeds/"
    cp tests/fuzz/every.cf "$seeds/every"
}

# Each SPF record of the suite, beside a message that is signed and sealed.
authentication_seeds() {
    local record number=0
    while read -r record; do
        printf '%s\n' "$record" 'v=spf1 a mx -all' \
            'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=' \
            'v=DMARC1; p=reject; sp=none' "$signed" >"$seeds/$((++number))"
    done < <(grep -o 'v=spf1[^"|]*' src/checks/auth/spf/suite.cases | sort -u)
}
readonly signed='DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org; s=s; i=@example.org;
 q=dns/txt; t=1528637909; h=from : to : subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
ARC-Seal: i=1; a=ed25519-sha256; cv=none; d=example.org; s=s; t=1; b=QUFB
ARC-Message-Signature: i=1; a=ed25519-sha256; c=relaxed/simple; d=example.org; s=s; h=from:to;
 bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=QUFB
ARC-Authentication-Results: i=1; mx.example.org; spf=pass smtp.mailfrom=a@example.org; dmarc=pass (p=none)
From: Author <a@example.org>
To: reader@example.com
Subject: lunch

At noon?'

# The files that tests open, behind a byte that adds nothing.
contents_seeds() {
    local file number=0
    while read -r file; do
        { printf '\0'; cat "$file"; } >"$seeds/$((++number))"
    done < <(find src/contents -path '*/samples/*' -type f)
}

# A picture of each kind in few bytes, and a code, if ImageMagick and qrencode are there.
picture_seeds() {
    local kind file=$seeds/drawn
    for kind in png gif jpg bmp tiff webp; do
        convert -size 80x24 xc:white -fill black -annotate +4+16 words "$file.$kind" 2>/dev/null || continue
        { printf '\0'; cat "$file.$kind"; } >"$seeds/$kind"
        rm "$file.$kind"
    done
    { printf '\0'; qrencode -s 2 -o - http://a.example/; } >"$seeds/code"
}

mkdir -p "$corpus" "$seeds"
"${target}_seeds"
case $target in
    message) longest=65536 ;;
    pattern) longest=512 ;;
    rules) longest=8192 ;;
    authentication) longest=8192 ;;
    contents) longest=65536 ;;
    picture) longest=16384 ;;
esac
dictionary=()
if [[ -e tests/fuzz/$target.dict ]]; then
    dictionary=(-dict="tests/fuzz/$target.dict")
fi
exec cargo +nightly fuzz run --fuzz-dir tests/fuzz "$target" "$corpus" "$seeds" -- \
    "${dictionary[@]}" -max_len="$longest" -timeout=10 -report_slow_units=2 \
    -rss_limit_mb=4096 -max_total_time="$seconds" -print_final_stats=1 "${@:3}"
