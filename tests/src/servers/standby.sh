#!/usr/bin/env bash
# A private PostgreSQL primary and its streaming standby on 127.0.0.1, until standard input closes:
# standby.sh FOLDER PRIMARY_PORT STANDBY_PORT [SETTING=VALUE ..] (of the primary, once the standby is there)
set -euo pipefail
folder=$1 ports=("$2" "$3") server=('' '')
shift 3
trap 'crash 0; crash 1; rm -rf "$folder"' EXIT
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[ -x "$bin/initdb" ] || bin=$(dirname "$(command -v initdb)")

as=()
if [ "$(id -u)" = 0 ]; then
    chown postgres: "$folder"
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi

start() {
    "${as[@]}" "$bin/postgres" -D "$folder/$1" -p "${ports[$1]}" -k "$folder" -c listen_addresses=127.0.0.1 \
        -c fsync=off -c max_connections=200 -c shared_buffers=32MB -c lc_messages=C </dev/null >>"$folder/log$1" 2>&1 &
    server[$1]=$!
}

ask() {
    PGPASSWORD=correct psql -qAt -h 127.0.0.1 -p "${ports[$1]}" -U sessions -d postgres -c "$2" </dev/null 2>>"$folder/asked"
}

wait_for() {
    local tries=600
    until [ "$(ask "$1" "$2" || true)" = t ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || exit 1
        sleep 0.05
    done
}

# Immediate shutdown: as after a crash.
crash() {
    [ -n "${server[$1]}" ] || return 0
    while kill -QUIT "${server[$1]}" 2>/dev/null; do sleep 0.1; done
    { wait "${server[$1]}" || true; } 2>/dev/null
}

printf 'correct' >"$folder/password"
"${as[@]}" "$bin/initdb" -D "$folder/0" -U sessions --pwfile="$folder/password" --auth=md5 \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync </dev/null >"$folder/log0" 2>&1
start 0
wait_for 0 'SELECT true'
PGPASSWORD=correct "${as[@]}" "$bin/pg_basebackup" -D "$folder/1" -R -c fast --no-sync -X stream \
    -h 127.0.0.1 -p "${ports[0]}" -U sessions </dev/null >"$folder/log1" 2>&1
start 1
wait_for 0 "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'"
for setting in "$@"; do
    ask 0 "ALTER SYSTEM SET ${setting%%=*} = '${setting#*=}'"
done
ask 0 'SELECT pg_reload_conf()' >/dev/null
while read -r command; do
    case $command in
    ready) ;;
    crash) crash 0 ;;
    # What the primary commits from here on never arrives.
    cut)
        ask 1 "ALTER SYSTEM SET primary_conninfo = ''"
        ask 1 'SELECT pg_reload_conf()' >/dev/null
        wait_for 1 'SELECT count(*) = 0 FROM pg_stat_wal_receiver'
        ;;
    promote)
        ask 1 'SELECT pg_promote()' >/dev/null
        wait_for 1 'SELECT NOT pg_is_in_recovery()'
        ;;
    esac
    echo done
done
