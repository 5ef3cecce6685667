#!/usr/bin/env bash
# A private Galera cluster of three MariaDB nodes on 127.0.0.1, until standard input closes:
# galera.sh FOLDER PORT PORT PORT REPLICATION_PORT x3 STATE_TRANSFER_PORT x3
# A node's commits are handed to the operating system (not to the disk): its process may die, not the machine.
set -euo pipefail
folder=$1
shift
ports=("$1" "$2" "$3") group=("$4" "$5" "$6") transfer=("$7" "$8" "$9")
incremental=("${10}" "${11}" "${12}") server=('' '' '')
trap 'for node in 0 1 2; do crash $node; done; rm -rf "$folder"' EXIT

as=()
if [ "$(id -u)" = 0 ]; then
    chown mysql: "$folder"
    as=(setpriv --reuid=mysql --regid=mysql --clear-groups)
fi

# start NODE ADDRESS: joins the cluster, or makes one if the address names nobody.
start() {
    local node=$1 home=$folder/$1
    "${as[@]}" /usr/sbin/mariadbd --no-defaults --datadir="$home/data" --tmpdir="$home" --port="${ports[node]}" \
        --bind-address=127.0.0.1 --socket="$home/socket" --pid-file="$home/pid" --init-file="$folder/init.sql" \
        --innodb-flush-log-at-trx-commit=2 --innodb-buffer-pool-size=32M --innodb-log-file-size=16M \
        --innodb-autoinc-lock-mode=2 --binlog-format=ROW --skip-name-resolve --max-connections=300 \
        --wsrep-on=ON --wsrep-provider=/usr/lib/galera/libgalera_smm.so --wsrep-cluster-name=sessions \
        --wsrep-cluster-address="gcomm://$2" --wsrep-node-address=127.0.0.1 --wsrep-node-name="node$node" \
        --wsrep-node-incoming-address="127.0.0.1:${ports[node]}" --wsrep-sst-method=rsync \
        --wsrep-sst-receive-address="127.0.0.1:${transfer[node]}" \
        --wsrep-provider-options="base_port=${group[node]};gmcast.listen_addr=tcp://127.0.0.1:${group[node]};ist.recv_addr=127.0.0.1:${incremental[node]};gcache.size=32M" \
        </dev/null >>"$home/log" 2>&1 &
    server[$node]=$!
}

members() {
    local node
    for node in 0 1 2; do
        if [ "$node" != "$1" ]; then printf '127.0.0.1:%s,' "${group[node]}"; fi
    done | sed 's/,$//'
}

crash() {
    [ -n "${server[$1]}" ] || return 0
    kill -KILL "${server[$1]}" 2>/dev/null || true
    { wait "${server[$1]}" || true; } 2>/dev/null
}

cat >"$folder/init.sql" <<'SQL'
SET SESSION wsrep_on = OFF;
CREATE USER IF NOT EXISTS 'sessions'@'%' IDENTIFIED BY 'correct';
GRANT ALL ON *.* TO 'sessions'@'%' WITH GRANT OPTION;
SQL
for node in 0 1 2; do
    "${as[@]}" mkdir "$folder/$node"
done
"${as[@]}" mariadb-install-db --no-defaults --datadir="$folder/0/data" --skip-test-db --skip-name-resolve \
    --innodb-log-file-size=16M </dev/null >"$folder/0/log" 2>&1
for node in 1 2; do
    "${as[@]}" cp -r "$folder/0/data" "$folder/$node/data"
done
start 0 ''
while read -r command node; do
    case $command in
    crash) crash "$node" ;;
    start) start "$node" "$(members "$node")" ;;
    esac
    echo done
done
