#!/usr/bin/env bash
# A private MariaDB on 127.0.0.1, until standard input closes: mariadb.sh FOLDER PORT [SETTING=VALUE ..]
# Its commits are not durable (the log is not flushed): these tests ask for speed, not for a power loss.
set -euo pipefail
folder=$1 port=$2 server=
shift 2
trap 'crash; rm -rf "$folder"' EXIT

# The server refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
    chown mysql: "$folder"
    as=(setpriv --reuid=mysql --regid=mysql --clear-groups)
fi

start() {
    local setting options=()
    for setting in "$@"; do options+=("--$setting"); done
    "${as[@]}" /usr/sbin/mariadbd --no-defaults --datadir="$folder/data" --tmpdir="$folder" --port="$port" \
        --bind-address=127.0.0.1 --socket="$folder/socket" --pid-file="$folder/pid" --init-file="$folder/init.sql" \
        --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=32M --innodb-log-file-size=16M \
        --skip-name-resolve --max-connections=500 "${options[@]}" </dev/null >>"$folder/log" 2>&1 &
    server=$!
}

crash() {
    [ -n "$server" ] || return 0
    kill -KILL "$server" 2>/dev/null || true
    { wait "$server" || true; } 2>/dev/null
}

cat >"$folder/init.sql" <<'SQL'
CREATE USER IF NOT EXISTS 'sessions'@'%' IDENTIFIED BY 'correct';
GRANT ALL ON *.* TO 'sessions'@'%' WITH GRANT OPTION;
SQL
"${as[@]}" mariadb-install-db --no-defaults --datadir="$folder/data" --skip-test-db --skip-name-resolve \
    --innodb-log-file-size=16M </dev/null >"$folder/log" 2>&1
start "$@"
while read -r command; do
    case $command in
    crash) crash ;;
    start) start "$@" ;;
    hang) kill -STOP "$server" ;;
    go) kill -CONT "$server" ;;
    esac
    echo done
done
