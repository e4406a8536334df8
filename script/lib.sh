# Shared by the scripts in this directory; sourced, never run.
# shellcheck shell=bash

# shellcheck disable=SC2034  # for the scripts that source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "this needs root and there is no sudo: $*"
    fi
}

# The directory with the programs of the newest PostgreSQL (initdb, pg_ctl), 15 or later; empty if there is none.
postgres_programs() {
    local directory version best='' best_version=14
    for directory in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
        if [ ! -x "$directory/initdb" ] || [ ! -x "$directory/pg_ctl" ]; then continue; fi
        version=$("$directory/initdb" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
        if [ "$version" -gt "$best_version" ]; then
            best=$directory
            best_version=$version
        fi
    done
    if [ -z "$best" ] && have initdb && [ "$(initdb --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')" -gt 14 ]; then
        best=$(dirname "$(readlink -f "$(command -v initdb)")")
    fi
    printf '%s' "$best"
}

# PostgreSQL refuses to run as root, so root runs it as the user postgres.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && runuser -u postgres -- "$@")
    else
        (cd / && "$@")
    fi
}

# Creates a directory for a private PostgreSQL that only its user may enter. Fails if that user can't reach it.
postgres_directory() {
    mkdir -p "$1"
    # In a directory that everybody may write to, somebody else could have created it.
    if [ -L "$1" ] || [[ ! " root postgres $(id -un) " == *" $(stat -c %U "$1") "* ]]; then
        die "$1 belongs to somebody else"
    fi
    if [ "$(id -u)" -eq 0 ]; then chown --no-dereference postgres "$1"; fi
    chmod 700 "$1"
    as_postgres test -w "$1" 2>/dev/null
}

# A private PostgreSQL: $1/data has the data and $2 the socket; no TCP. Further arguments are settings. Everybody who
# can enter the socket's directory (mode 700) may take any role, hence `trust`.
postgres_start() {
    local home=$1 socket=$2 setting
    shift 2
    local programs
    programs=$(postgres_programs)
    if [ ! -f "$home/data/PG_VERSION" ]; then
        as_postgres rm -rf "$home/data.new"
        as_postgres "$programs/initdb" --pgdata="$home/data.new" --username=postgres --auth=trust --encoding=UTF8 \
            --locale=C.UTF-8 --data-checksums --no-sync --no-instructions >"$home/initdb.log" 2>&1 ||
            die "initdb failed: $(cat "$home/initdb.log")"
        as_postgres mv "$home/data.new" "$home/data"
    fi
    local options="-c listen_addresses= -c unix_socket_directories=$socket -c unix_socket_permissions=0700"
    for setting in "$@"; do options+=" -c $setting"; done
    as_postgres "$programs/pg_ctl" start --pgdata="$home/data" --log="$home/postgres.log" --options="$options" \
        --wait --timeout=60 --silent >/dev/null ||
        die "PostgreSQL doesn't start: $(tail -n 20 "$home/postgres.log")"
}

postgres_running() {
    as_postgres "$(postgres_programs)/pg_ctl" status --pgdata="$1/data" >/dev/null 2>&1
}

postgres_stop() {
    if postgres_running "$1"; then
        as_postgres "$(postgres_programs)/pg_ctl" stop --pgdata="$1/data" --mode=fast --wait --timeout=60 --silent \
            >/dev/null
    fi
}
