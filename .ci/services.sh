#!/usr/bin/env bash
# The engines that the tests talk to, on loopback, from Debian's packages, each with data of its own in one temporary folder.
#
#   eval "$(bash .ci/services.sh start)"    starts PostgreSQL, MariaDB and Redis and exports TEST_POSTGRESQL_URL, TEST_MYSQL_URL,
#                                           TEST_REDIS_URL, TEST_CHROMIUM and TEST_SERVICES
#   bash .ci/services.sh stop               stops what TEST_SERVICES names and removes its folder
#   bash .ci/services.sh install            only installs what is missing
#
# Nothing here is durable: the data is gone after a stop, so the engines need not wait for the disk.
set -euo pipefail

readonly PASSWORD=loopback-only

log() { printf '%s\n' "services: $*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Runs a command as the engine's own user when this is root: neither engine runs as root.
as_user() {
  local user=$1
  shift
  if [ "$(id -u)" = 0 ]; then runuser -u "$user" -- "$@"; else "$@"; fi
}

postgresql_bin() {
  local directories=(/usr/lib/postgresql/*/bin)
  printf '%s\n' "${directories[@]}" | sort -V | tail -n 1
}

install() {
  local missing=()
  [ -x "$(postgresql_bin)/initdb" ] || missing+=(postgresql)
  command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || missing+=(mariadb-server)
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v chromium >/dev/null || missing+=(chromium)
  command -v wrk >/dev/null || missing+=(wrk)
  command -v faketime >/dev/null || missing+=(faketime)
  [ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || missing+=(apache2 libapache2-mod-auth-openidc)
  [ ${#missing[@]} -gt 0 ] || return 0

  log "installing ${missing[*]}"
  (
    # The packages would start services of their own on the usual ports; what this script starts is enough.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
      as_root chmod 755 "$policy"
      trap 'as_root rm -f "$policy"' EXIT
    fi
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
  ) >&2
}

# Ports that were free a moment ago, held together so that they differ.
free_ports() {
  node -e '
    const { createServer } = require("node:net")
    const servers = Array.from({ length: Number(process.argv[1]) }, () => createServer())
    Promise.all(servers.map((server) => new Promise((done) => server.listen(0, "127.0.0.1", done)))).then(() => {
      console.log(servers.map((server) => server.address().port).join(" "))
      for (const server of servers) server.close()
    })' "$1"
}

wait_until() {
  local name=$1
  shift
  for _ in $(seq 1 300); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  log "$name did not start"
  tail -n 40 "$folder/$name.log" >&2 || true
  return 1
}

start_postgresql() {
  local port=$1 bin data=$folder/postgresql
  bin=$(postgresql_bin)
  mkdir "$data"
  printf '%s' "$PASSWORD" >"$folder/password"
  chmod 644 "$folder/password"
  if [ "$(id -u)" = 0 ]; then chown postgres "$data"; fi
  as_user postgres "$bin/initdb" -D "$data" -U auth_server -A scram-sha-256 --pwfile="$folder/password" \
    -E UTF8 --locale=C --no-sync >"$folder/postgresql.log" 2>&1
  as_user postgres setsid "$bin/postgres" -D "$data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$data" \
    -c max_connections=400 -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
    </dev/null >>"$folder/postgresql.log" 2>&1 &
  wait_until postgresql "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" -d postgres -U auth_server
  PGPASSWORD=$PASSWORD "$bin/psql" -q -h 127.0.0.1 -p "$port" -U auth_server -d postgres -c 'CREATE DATABASE auth_server' >&2
}

start_mariadb() {
  local port=$1 data=$folder/mariadb server
  server=$(command -v mariadbd || printf /usr/sbin/mariadbd)
  mkdir "$data"
  if [ "$(id -u)" = 0 ]; then chown mysql "$data"; fi
  as_user mysql mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal --skip-test-db \
    >"$folder/mariadb.log" 2>&1
  as_user mysql setsid "$server" --no-defaults --datadir="$data" --port="$port" --bind-address=127.0.0.1 --socket="$data/socket" \
    --pid-file="$data/mariadbd.pid" --skip-name-resolve --skip-log-bin --max-connections=400 --innodb-flush-log-at-trx-commit=0 \
    --innodb-buffer-pool-size=128M --character-set-server=utf8mb4 </dev/null >>"$folder/mariadb.log" 2>&1 &
  wait_until mariadb mariadb-admin --no-defaults --socket="$data/socket" -u root ping
  mariadb --no-defaults --socket="$data/socket" -u root <<SQL
CREATE DATABASE auth_server;
CREATE USER 'auth_server'@'127.0.0.1' IDENTIFIED BY '$PASSWORD';
GRANT ALL PRIVILEGES ON *.* TO 'auth_server'@'127.0.0.1' WITH GRANT OPTION;
SQL
}

start_redis() {
  local port=$1
  mkdir "$folder/redis"
  setsid redis-server --bind 127.0.0.1 --port "$port" --dir "$folder/redis" --save '' --appendonly no \
    --pidfile "$folder/redis/redis.pid" </dev/null >"$folder/redis.log" 2>&1 &
  wait_until redis redis-cli -h 127.0.0.1 -p "$port" ping
}

start() {
  install
  folder=$(mktemp -d "${TMPDIR:-/tmp}/auth_server_services.XXXXXX")
  chmod 755 "$folder"
  trap 'stop "$folder"' EXIT
  local postgresql_port mysql_port redis_port
  read -r postgresql_port mysql_port redis_port <<<"$(free_ports 3)"
  start_postgresql "$postgresql_port"
  start_mariadb "$mysql_port"
  start_redis "$redis_port"
  trap - EXIT
  log "PostgreSQL $postgresql_port, MariaDB $mysql_port, Redis $redis_port in $folder"
  cat <<ENV
export TEST_SERVICES='$folder'
export TEST_POSTGRESQL_URL='postgresql://auth_server:$PASSWORD@127.0.0.1:$postgresql_port/auth_server'
export TEST_MYSQL_URL='mysql://auth_server:$PASSWORD@127.0.0.1:$mysql_port/auth_server'
export TEST_REDIS_URL='redis://127.0.0.1:$redis_port/0'
export TEST_CHROMIUM='$(command -v chromium || true)'
ENV
}

# Ends only the processes whose ids the engines themselves wrote down.
stop() {
  local folder=$1 file pid pids=()
  [ -d "$folder" ] || return 0
  for file in "$folder/postgresql/postmaster.pid" "$folder/mariadb/mariadbd.pid" "$folder/redis/redis.pid"; do
    [ -r "$file" ] || continue
    pid=$(head -n 1 "$file")
    # PostgreSQL ends at once on SIGQUIT, whatever is still connected.
    case $file in */postmaster.pid) kill -QUIT "$pid" || true ;; *) kill -TERM "$pid" || true ;; esac
    pids+=("$pid")
  done
  for _ in $(seq 1 100); do
    local left=0
    for pid in "${pids[@]}"; do if kill -0 "$pid" 2>/dev/null; then left=1; fi; done
    [ "$left" = 1 ] || break
    sleep 0.1
  done
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}

case ${1:-} in
  start) start ;;
  stop) stop "${2:-${TEST_SERVICES:?nothing to stop: TEST_SERVICES is not set}}" ;;
  install) install ;;
  *)
    log 'usage: services.sh start | stop [folder] | install'
    exit 64
    ;;
esac
