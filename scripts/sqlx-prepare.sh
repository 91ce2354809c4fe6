#!/bin/sh
# Writes .sqlx anew: starts a private PostgreSQL, applies the migrations, and lets the compiler ask it about every query.
# Not done through the binary, which cannot be compiled while .sqlx is stale.
set -eu
cd "$(dirname "$0")/.."

bin=${JINGTU_PG_BIN:-}
if [ -z "$bin" ]; then
    for candidate in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
        [ -x "$candidate/initdb" ] && bin=$candidate
    done
fi
[ -n "$bin" ] || {
    echo "no PostgreSQL found; run scripts/setup.sh run" >&2
    exit 1
}

dir=$(mktemp -d)
# initdb refuses root.
if [ "$(id -u)" -eq 0 ]; then
    owner=postgres
    chown "$owner" "$dir"
    as_owner() { (cd / && setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups "$@"); }
else
    as_owner() { "$@"; }
fi
finish() {
    as_owner "$bin/pg_ctl" --silent -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$dir" .sqlx.new
}
trap finish EXIT
trap 'exit 1' INT TERM

as_owner "$bin/initdb" -D "$dir/data" -U postgres -E UTF8 --locale=C.UTF-8 -A trust --no-sync >/dev/null
# The directory has mode 0700, so `trust` admits its owner and root.
as_owner "$bin/pg_ctl" --silent -D "$dir/data" -l "$dir/log" -w \
    -o "-c listen_addresses= -c fsync=off -k $dir" start || {
    cat "$dir/log" >&2
    exit 1
}
run_sql() { "$bin/psql" -X -q -h "$dir" -U postgres -v ON_ERROR_STOP=1 "$@"; }
run_sql -d postgres -c "create database jingtu"
run_sql -d jingtu -c "create extension postgis"
for migration in migrations/*.sql; do
    run_sql -d jingtu -1 -f "$migration" >/dev/null
done
# What sqlx keeps its own account in; queries of ours read it.
run_sql -d jingtu -c "create table _sqlx_migrations (version bigint primary key, description text not null,
    installed_on timestamptz not null default now(), success boolean not null, checksum bytea not null,
    execution_time bigint not null)"

# Into a new directory, so that what no query needs any more goes.
rm -rf .sqlx.new
mkdir .sqlx.new
# The compiler must expand every query again, in the library, the programs and the tests.
touch src/lib.rs src/main.rs tests/*.rs tests/*/main.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$PWD/.sqlx.new" \
    DATABASE_URL="postgres://postgres@localhost/jingtu?host=$dir" cargo check --locked --all-targets
mkdir -p .sqlx
rm -f .sqlx/query-*.json
find .sqlx.new -name 'query-*.json' -exec mv {} .sqlx/ \;
echo ".sqlx: $(find .sqlx -name 'query-*.json' | wc -l) queries"
