#!/usr/bin/env bash
# PgBouncer in transaction mode on 127.0.0.1, until standard input closes: pgbouncer.sh FOLDER PORT SERVER_PORT POOL_SIZE
set -euo pipefail
folder=$1 port=$2 server=$3 size=$4 pooler=
trap '[ -z "$pooler" ] || { kill "$pooler"; wait "$pooler"; } 2>/dev/null || true; rm -rf "$folder"' EXIT

cat >"$folder/settings" <<SETTINGS
[databases]
* = host=127.0.0.1 port=$server

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/users
pool_mode = transaction
default_pool_size = $size
query_wait_timeout = 2
SETTINGS
printf '"sessions" "correct"\n' >"$folder/users"

# It refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
    chown -R postgres: "$folder"
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
"${as[@]}" pgbouncer --quiet "$folder/settings" </dev/null >"$folder/log" 2>&1 &
pooler=$!
while read -r _; do echo done; done
