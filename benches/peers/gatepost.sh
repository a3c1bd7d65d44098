# gatepost as it comes, with a list; and with the stock rules of SpamAssassin beside its own.
# shellcheck shell=bash disable=SC2034,SC2154  # shared with run.sh

readonly gatepost_milter=inet:127.0.0.1:11332
readonly gatepost_stock_milter=$gatepost_milter

gatepost_settings() {
    local rules=$1 folder=$2
    mkdir -p "$folder"
    cat >"$folder/gatepost.toml" <<END
[dns]
servers = ["127.0.0.1"]
[[dns.list]]
zone = "$zone"
about = "client"
findings = { "127.0.0.4" = "RCVD_IN_XBL" }
[rules]
include = $rules
[store]
path = "$folder"
END
}

gatepost_teach() {
    local label
    for label in spam ham; do
        xargs -d '\n' "$GATEPOST" --config "$1/gatepost.toml" train "$label" <"$run/$label.txt" >/dev/null
    done
}

gatepost_serve() {
    "$GATEPOST" --config "$1/gatepost.toml" serve 2>"$1/log" &
    roots=($!)
    await 11332
}

gatepost_train() {
    gatepost_settings '["builtin"]' "$run/gatepost"
    gatepost_teach "$run/gatepost"
}

gatepost_start() {
    gatepost_serve "$run/gatepost"
}

gatepost_stock_train() {
    gatepost_settings '["builtin", "/usr/share/spamassassin"]' "$run/gatepost-stock"
    gatepost_teach "$run/gatepost-stock"
}

gatepost_stock_start() {
    gatepost_serve "$run/gatepost-stock"
}
