# Figures under the names of `gatepost replay --json`, from lines of label, path and score, in
# ascending order of the score. From `cutoff` on bogofilter calls it spam.
NR > 1 && $3 != score { settle() }
{
    score = $3
    here[$1]++
    count[$1]++
    if (score >= cutoff && $1 == "ham") false_positives++
    if (score < cutoff && $1 == "spam") false_negatives++
}
END {
    settle()
    pairs = count["spam"] * count["ham"]
    printf "{\"messages\":%d,\"spam\":%d,\"ham\":%d", NR, count["spam"], count["ham"]
    printf ",\"false_positives\":%d,\"false_negatives\":%d", false_positives, false_negatives
    printf ",\"roca_percent\":%s,\"cpu_ticks\":%.1f}\n", pairs ? 100 * wrong / pairs : "null", 100 * seconds
}
# All messages of one score are known: ham above spam is wrong, ham beside it half.
function settle() {
    wrong += here["ham"] * (spam_below + here["spam"] / 2)
    spam_below += here["spam"]
    delete here
}
