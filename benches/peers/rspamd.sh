# rspamd with redis, as Debian packages them.
# shellcheck shell=bash disable=SC2034,SC2154  # shared with run.sh

readonly rspamd_milter=inet:127.0.0.1:11332

# It runs for its training, so that is where it starts.
rspamd_train() {
    local folder
    for folder in /etc/rspamd/local.d /var/lib/rspamd /var/log/rspamd; do
        mount -t tmpfs -o mode=755 tmpfs "$folder"
    done
    mkdir -p /run/rspamd
    chown _rspamd:_rspamd /var/lib/rspamd /var/log/rspamd /run/rspamd
    local settings=/etc/rspamd/local.d
    echo 'servers = "127.0.0.1";' >$settings/redis.conf
    echo 'backend = "redis"; autolearn = false;' >$settings/classifier-bayes.conf
    echo 'enabled = false;' >$settings/greylist.conf
    echo 'use = ["x-spam-status"];' >$settings/milter_headers.conf
    redis-server --bind 127.0.0.1 --port 6379 --save '' --dir "$run" >"$run/redis.log" &
    local redis=$!
    await 6379
    rspamd -f -u _rspamd -g _rspamd -c /etc/rspamd/rspamd.conf >"$run/rspamd.out" 2>&1 &
    roots=($! "$redis")
    await 11332
    await 11334
    local label
    for label in spam ham; do
        xargs -d '\n' rspamc -h 127.0.0.1:11334 "learn_$label" <"$run/$label.txt" >"$run/rspamc.$label" 2>&1 ||
            true
        say "rspamd has learned $(grep -c 'success = true' "$run/rspamc.$label") of $label"
    done
}

rspamd_start() {
    :
}
