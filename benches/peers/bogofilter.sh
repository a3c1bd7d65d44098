# bogofilter: a classifier and nothing else, in one process for all messages. No milter, so there is
# no latency of one.
# shellcheck shell=bash disable=SC2154  # run, here and others are set by run.sh

bogofilter_all() {
    local folder=$run/bogofilter
    mkdir -p "$folder"
    say "bogofilter: training"
    bogofilter -d "$folder" -s -b <"$run/spam.txt"
    bogofilter -d "$folder" -n -b <"$run/ham.txt"
    say "bogofilter: judging"
    head -n "$COUNT" "$run/test.tsv" >"$run/bogofilter.tsv"
    (
        TIMEFORMAT='%U %S'
        time cut -f 2 "$run/bogofilter.tsv" | bogofilter -d "$folder" -TT -b >"$run/bogofilter.out"
    ) 2>"$run/bogofilter.time" &
    roots=($!)
    watch_memory bogofilter
    wait "${roots[0]}" || [[ $? -le 2 ]]
    unwatch_memory
    # 0.99 is the default of its spam_cutoff.
    paste "$run/bogofilter.tsv" <(awk '{ print $NF }' "$run/bogofilter.out") | sort -t $'\t' -k 3,3g |
        awk -F '\t' -v cutoff=0.99 -v seconds="$(awk '{ print $1 + $2 }' "$run/bogofilter.time")" \
            -f "$here/bogofilter.awk" >"$RESULTS/bogofilter.16.json"
}
