#!/usr/bin/env bash
# A private PostgreSQL on 127.0.0.1, until standard input closes: postgres.sh FOLDER PORT [SETTING=VALUE ..]
# Its commits are not durable (fsync is off): these tests ask for speed, not for a power loss.
set -euo pipefail
folder=$1 port=$2 server=
shift 2
trap 'crash; rm -rf "$folder"' EXIT
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[ -x "$bin/initdb" ] || bin=$(dirname "$(command -v initdb)")

# The server refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
    chown postgres: "$folder"
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi

start() {
    local setting options=()
    for setting in "$@"; do options+=(-c "$setting"); done
    "${as[@]}" "$bin/postgres" -D "$folder/data" -p "$port" -k "$folder" -c listen_addresses=127.0.0.1 \
        -c fsync=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=32MB -c lc_messages=C \
        -c deadlock_timeout=100ms "${options[@]}" </dev/null >>"$folder/log" 2>&1 &
    server=$!
}

# Stops all its processes, or lets them go on: it hangs, and its connections stay open.
signal() {
    pkill "-$1" -P "$server" || true
    kill "-$1" "$server"
}

# Immediate shutdown: as after a crash.
crash() {
    [ -n "$server" ] || return 0
    signal CONT 2>/dev/null || true
    # Again and again: one that has just been started ignores it.
    while kill -QUIT "$server" 2>/dev/null; do sleep 0.1; done
    { wait "$server" || true; } 2>/dev/null
}

printf 'correct' >"$folder/password"
"${as[@]}" "$bin/initdb" -D "$folder/data" -U sessions --pwfile="$folder/password" --auth=md5 \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync </dev/null >"$folder/log" 2>&1
start "$@"
while read -r command; do
    case $command in
    crash) crash ;;
    start) start "$@" ;;
    hang) signal STOP ;;
    go) signal CONT ;;
    esac
    echo done
done
