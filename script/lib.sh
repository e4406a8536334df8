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

# Makes a directory for a private PostgreSQL that ends with its script, and prints its path: in memory where 8 GiB are free,
# because copying a test's database is four times as fast there.
temporary_directory() {
    local place=/tmp free
    free=$(df --output=avail --block-size=1G /dev/shm 2>/dev/null | tail -n 1 || true)
    if [ -w /dev/shm ] && [ "${free:-0}" -ge 8 ] && [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -ge 12582912 ]; then
        place=/dev/shm
    fi
    mktemp -d "$place/lyceum-$1.XXXXXX"
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

# Creates the virtual environment var/$1 from these requirements files; creates it again when they change.
python_environment() {
    local environment=$root/var/$1
    shift
    if ! cmp -s <(cat "$@") "$environment/requirements.txt"; then
        say "Installing what $(basename "$environment") needs from PyPI"
        rm -rf "$environment"
        python3 -m venv "$environment"
        local requirements
        for requirements in "$@"; do
            # `--no-deps` in the first line of a file: without the packages that its packages require.
            local options=()
            if head -n 1 "$requirements" | grep -q -- '--no-deps'; then options=(--no-deps); fi
            "$environment/bin/pip" install --quiet --disable-pip-version-check "${options[@]}" -r "$requirements"
        done
        cat "$@" >"$environment/requirements.txt"
    fi
}

# Runs the program $2 of Tests/Contract with the Python of var/$1 and a PostgreSQL of its own; both end with the script.
run_beside_postgres() {
    local environment=$root/var/$1 program=$root/Tests/Contract/$2
    shift 2
    home=$(temporary_directory "$(basename "$environment")")
    runner=
    trap end_run EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    swift build --product lyceum >&2
    LYCEUM_PROGRAM=$(swift build --show-bin-path)/lyceum
    export LYCEUM_PROGRAM
    "$LYCEUM_PROGRAM" openapi json
    postgres_directory "$home" || die "the user postgres can't enter $home"
    postgres_start "$home" "$home" fsync=off synchronous_commit=off max_connections=100

    # In the background, so that signals are handled at once.
    LYCEUM_CONTRACT_HOME=$home "$environment/bin/python" "$program" "$@" &
    runner=$!
    local status=0
    wait "$runner" || status=$?
    runner=
    exit "$status"
}

end_run() {
    local status=$?
    trap - EXIT
    trap '' INT TERM
    # The runner ends its server.
    if [ -n "$runner" ]; then
        kill -TERM "$runner" 2>/dev/null || true
        wait "$runner" || true
    fi
    postgres_stop "$home" || true
    rm -rf "$home"
    exit "$status"
}
