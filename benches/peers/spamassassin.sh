# spamass-milter and spamd, as Debian packages and starts them.
# shellcheck shell=bash disable=SC2034,SC2154  # shared with run.sh

readonly spamassassin_milter=unix:$run/spamass/milter.sock

spamassassin_train() {
    local settings=$run/spamassassin bayes=$run/spamass
    cp -a /etc/spamassassin "$settings"
    mkdir -p "$bayes"
    chown spamass-milter: "$bayes"
    cat >>"$settings/local.cf" <<END
bayes_path $bayes/bayes
bayes_file_mode 0777
bayes_auto_learn 0
END
    mount --bind "$settings" /etc/spamassassin
    # The user's preferences are made there.
    mount -t tmpfs -o mode=755 tmpfs /var/lib/spamass-milter
    chown spamass-milter: /var/lib/spamass-milter
    local label
    for label in spam ham; do
        sa-learn "--$label" --no-sync -f "$run/$label.txt" >"$run/sa-learn.$label"
        say "SpamAssassin: $(cat "$run/sa-learn.$label")"
    done
    sa-learn --sync >/dev/null
    chown -R spamass-milter: "$bayes"
}

spamassassin_start() {
    spamd --create-prefs --max-children 5 --helper-home-dir -s "$run/spamd.log" 2>/dev/null &
    local spamd=$!
    await 783
    setpriv --reuid spamass-milter --regid spamass-milter --init-groups \
        spamass-milter -p "$run/spamass/milter.sock" -u spamass-milter -i 127.0.0.1 2>"$run/spamass-milter.log" &
    roots=($! "$spamd")
    await "$run/spamass/milter.sock"
}
