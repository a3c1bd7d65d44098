# What is taught and what is judged.
# shellcheck shell=bash disable=SC2154  # run, here and others are set by run.sh

# The first TRAIN messages of spam and of ham are taught, all others judged: in the order of the
# index, those last that stand among the taught ones. Makes spam.txt and ham.txt (paths), test.tsv.
split_mail() {
    awk -F '\t' -v train="$TRAIN" -v root="$ROOT" -v run="$run" '
        NF == 2 {
            path = $2 ~ /^\// ? $2 : root "/" $2
            if (++seen[$1] <= train) print path >(run "/" $1 ".txt")
            else if (seen["spam"] < train || seen["ham"] < train) among[++count] = $1 "\t" path
            else print $1 "\t" path >(run "/test.tsv")
        }
        END { for (i = 1; i <= count; i++) print among[i] >(run "/test.tsv") }' "$INDEX"
    local label
    for label in spam ham; do
        [[ $(wc -l <"$run/$label.txt") -eq $TRAIN ]] || {
            say "the index has fewer than $TRAIN messages of $label"
            return 2
        }
    done
    [[ -s $run/test.tsv ]] || {
        say "no mail is left to be judged"
        return 2
    }
    chmod 644 "$run"/*.txt "$run/test.tsv"
}

# The header fields of messages whose paths come in, unfolded, one a line.
headers() {
    # shellcheck disable=SC2016  # of awk
    xargs -d '\n' awk '
        FNR == 1 { header = 1; if (line != "") print line; line = "" }
        { sub(/\r$/, "") }
        $0 == "" { header = 0 }
        !header { next }
        /^[ \t]/ { line = line " " $0; next }
        { if (line != "") print line; line = $0 }
        END { print line }'
}

# Clients of taught spam that are not those of taught ham: what a block list knows by then.
known_clients() {
    local label
    for label in spam ham; do
        headers <"$run/$label.txt" | grep --text -i '^received:' |
            grep --text -oE '\[[0-9]+(\.[0-9]+){3}\]' | tr -d '[]' | sort -u >"$run/$label.addresses"
    done
    comm -23 "$run/spam.addresses" "$run/ham.addresses" | grep -vE '^(127|10|192\.168)\.'
}

# Names in all mail, with an address or `MX` behind each: clients by their Received fields, and the
# domains of senders. Spam comes from domains that exist, too.
known_names() {
    cut -f 2 "$run/test.tsv" | cat - "$run/spam.txt" "$run/ham.txt" | headers |
        LC_ALL=C awk -f "$here/names.awk" | LC_ALL=C sort -u
}
