# From header fields, one a line: the names that the DNS of the time must have known. Prints
# `NAME ADDRESS` for clients (`from HELO (NAME [ADDRESS])`), `NAME MX` for domains of senders.
{ text = tolower($0) }
text ~ /^received:/ {
    if (!match(text, /\[[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+\]/)) next
    address = substr(text, RSTART + 1, RLENGTH - 2)
    split(address, byte, ".")
    if (byte[1] > 255 || byte[2] > 255 || byte[3] > 255 || byte[4] > 255) next
    before = substr(text, 1, RSTART - 1)
    gsub(/[^a-z0-9._-]/, " ", before)
    count = split(before, words, " ")
    for (i = 1; i <= count; i++) if (is_name(words[i])) print words[i], address
}
text ~ /^(from|sender|reply-to|return-path):/ {
    while (match(text, /@[a-z0-9._-]+/)) {
        name = substr(text, RSTART + 1, RLENGTH - 1)
        if (is_name(name)) print name, "MX"
        text = substr(text, RSTART + RLENGTH)
    }
}
function is_name(word) {
    return length(word) < 200 && word ~ /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z][a-z]+$/ && word !~ /[^.]{60}/
}
