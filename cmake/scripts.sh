# shellcheck shell=bash
# What the project's scripts (apps/run, test/run, .ci/run, test/checks/*) share: messages, the
# packages they need, and quiet builds. Source it; it sets `root`, the checkout's directory.
# Rule: nothing is printed while all goes well, and nothing fails without saying why.
#
#   WEBSOCK_SKIP_PACKAGES=1   do not look for packages: the tools come from elsewhere
#   CMAKE_BUILD_PARALLEL_LEVEL=N   compile N files at once (default: by cores and memory)

root=$(cd -P "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

note() { printf 'websock: %s\n' "$*" >&2; }

die() {
    note "$*"
    exit 1
}

# log_file NAME: a path to write a log to; in the temporary directory if build/ cannot be written.
log_file() {
    if mkdir -p "$root/build/logs" 2>/dev/null && [[ -w $root/build/logs ]]; then
        printf '%s\n' "$root/build/logs/$1.log"
    else
        mktemp "${TMPDIR:-/tmp}/websock-$1.XXXXXX"
    fi
}

# --- packages ---------------------------------------------------------------------------------

# packages_of SECTION...: the lines of these sections, without spaces: one requirement a line.
packages_of() {
    awk -v wanted=" $* " '
        { sub(/#.*/, ""); gsub(/[ \t\r]/, "") }
        /^\[/ { inside = index(wanted, " " substr($0, 2, length($0) - 2) " "); next }
        inside && NF { print }
    ' "$root/cmake/debian-packages.txt"
}

# missing_of REQUIREMENT...: those of which no alternative is installed.
missing_of() {
    local names=() installed requirement name
    for requirement in "$@"; do
        IFS='|' read -ra name <<<"$requirement"
        names+=("${name[@]}")
    done
    # dpkg-query fails if it does not know one of the names; what it prints is right all the same.
    installed=$(dpkg-query -W -f '|${Package}|${db:Status-Status}|\n' "${names[@]}" 2>/dev/null) || true
    for requirement in "$@"; do
        IFS='|' read -ra name <<<"$requirement"
        local found=
        for name in "${name[@]}"; do
            [[ $installed == *"|$name|installed|"* ]] && found=yes
        done
        [[ $found ]] || printf '%s\n' "$requirement"
    done
}

# ensure_packages SECTION...: installs what is missing of these sections; ends the script if it cannot.
ensure_packages() {
    [[ ${WEBSOCK_SKIP_PACKAGES:-} ]] && return
    local needed missing
    mapfile -t needed < <(packages_of "$@")
    ((${#needed[@]})) || die "no package is listed for '$*' in cmake/debian-packages.txt"
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        note "this system has no apt-get, so nothing can be installed for you. Please install what these"
        note "Debian packages hold, then run this again with WEBSOCK_SKIP_PACKAGES=1:"
        die "${needed[*]%%|*}"
    fi
    mapfile -t missing < <(missing_of "${needed[@]}")
    ((${#missing[@]})) || return 0
    install_packages "${missing[@]}"
    mapfile -t missing < <(missing_of "${needed[@]}")
    ((${#missing[@]} == 0)) || die "apt-get reported success, yet these packages are not installed: ${missing[*]}"
}

# install_packages REQUIREMENT...: apt-get as root, by sudo where needed. Removes nothing.
install_packages() {
    local as_root=() names=() log requirement
    mapfile -t as_root < <(root_prefix)
    if [[ ${as_root[0]:-} == none ]]; then
        note "these packages are missing, and there is neither root nor a usable sudo to install them:"
        note "${*%%|*}"
        die "as root, run: apt-get update && apt-get install --no-install-recommends ${*%%|*}"
    fi
    log=$(log_file packages)
    note "installing $# Debian package(s): ${*%%|*}"
    as_root+=(env DEBIAN_FRONTEND=noninteractive)
    local options=(-o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 -q)
    # A third party's broken archive must not stop us, so what update says counts only if install fails.
    "${as_root[@]}" apt-get "${options[@]}" update >"$log" 2>&1 </dev/null || true
    for requirement in "$@"; do
        names+=("$(first_available "$requirement" "$log")")
    done
    if ! "${as_root[@]}" apt-get "${options[@]}" install -y --no-remove --no-install-recommends \
        "${names[@]}" >>"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        explain_apt_failure "$log"
        die "could not install packages; the whole log is in $log"
    fi
}

# root_prefix: the words, one a line, that make a command run as root; "none" if nothing does.
root_prefix() {
    ((EUID == 0)) && return
    if ! command -v sudo >/dev/null; then
        echo none
    elif sudo -n true 2>/dev/null; then
        printf '%s\n' sudo -n
    elif [[ -t 0 && -t 2 ]]; then
        echo sudo    # asks for the password on the terminal
    else
        echo none
    fi
}

# first_available REQUIREMENT LOG: the first alternative that the archive has, else the first of all.
first_available() {
    local names name
    IFS='|' read -ra names <<<"$1"
    for name in "${names[@]}"; do
        if apt-cache show --no-all-versions "$name" >/dev/null 2>>"$2"; then
            printf '%s\n' "$name"
            return
        fi
    done
    printf '%s\n' "${names[0]}"
}

explain_apt_failure() {
    if grep -qE 'Failed to fetch|Could not resolve|Temporary failure|Could not connect|Connection (failed|refused|timed out)' "$1"; then
        note "the package archive could not be reached: is there a network?"
    elif grep -qE 'Unable to locate package|has no installation candidate' "$1"; then
        # shellcheck disable=SC1091
        note "$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-this system}") does not have them all: Debian 12 or newer has"
    elif grep -q 'remove is disabled' "$1"; then
        note "a package that is installed here conflicts with one that is needed; nothing was removed"
    fi
}

# --- builds -----------------------------------------------------------------------------------

# parallel_jobs: as many as there are cores, but no more than memory allows (1.5 GB a compiler).
parallel_jobs() {
    local cores by_memory
    cores=$(nproc)
    by_memory=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo 2>/dev/null) || true
    by_memory=${by_memory:-$cores}
    ((by_memory >= 1)) || by_memory=1
    echo $((cores < by_memory ? cores : by_memory))
}

# Where ccache is, every build goes through it; objects are shared between presets and checkouts.
use_ccache() {
    command -v ccache >/dev/null || return 0
    export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER-ccache}
    export CCACHE_BASEDIR=${CCACHE_BASEDIR-$root}
    export CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR-1}
    export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS-pch_defines,time_macros,include_file_mtime,include_file_ctime}
    # ccache does not compile at all if it cannot write to its cache, as for a user without a home.
    local cache
    cache=$(ccache --get-config cache_dir 2>/dev/null) || true
    if [[ -z $cache ]] || ! mkdir -p "$cache" 2>/dev/null || [[ ! -w $cache ]]; then
        export CCACHE_DIR="$root/build/ccache"
    fi
}

# needs_configure PRESET: there is no build directory yet, or it does not fit the presets, or it
# was made for a checkout in another place.
needs_configure() {
    local dir="$root/build/$1"
    [[ -f $dir/build.ninja && -f $dir/CMakeCache.txt ]] || return 0
    [[ $root/CMakePresets.json -nt $dir/build.ninja ]] && return 0
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$dir/CMakeCache.txt"
}

# run_logged LOG WHAT COMMAND...: runs a command quietly; if it fails, shows the errors and ends the script.
run_logged() {
    local log=$1 what=$2
    shift 2
    "$@" >>"$log" 2>&1 </dev/null && return
    # A compiler's first error is the one to read; a failure of another kind (CMake's) stands at the end.
    if grep '^FAILED: ' "$log" | grep -qv '^FAILED: build.ninja'; then
        sed -n '/^FAILED: /,$p' "$log" | head -n 80 >&2
    else
        tail -n 40 "$log" >&2
    fi
    die "$what failed; the whole log is in $log"
}

# build_preset PRESET [TARGET...]: configures if need be and builds (all, or the targets), quietly.
build_preset() {
    local preset=$1 dir="$root/build/$1" log lock
    shift
    if ! mkdir -p "$dir" 2>/dev/null || [[ ! -w $dir ]]; then
        die "cannot write to $dir: run this as the checkout's owner, or in a copy of your own"
    fi
    log=$(log_file "$preset")
    exec {lock}>"$dir/.websock-lock"
    flock "$lock"    # two scripts at once must not build in one directory
    use_ccache
    : >"$log"
    if needs_configure "$preset"; then
        local first=
        [[ -f $dir/build.ninja ]] || first=' (first time: a few minutes)'
        note "building $preset$first …"
        (cd "$root" && run_logged "$log" "configuring $preset" cmake --fresh --preset "$preset") || exit 1
        run_logged "$log" "building $preset" ninja -C "$dir" -j "${CMAKE_BUILD_PARALLEL_LEVEL:-$(parallel_jobs)}" "$@"
    elif [[ $(ninja -C "$dir" -n "$@" 2>&1) != *'no work to do'* ]]; then
        note "building $preset …"
        run_logged "$log" "building $preset" ninja -C "$dir" -j "${CMAKE_BUILD_PARALLEL_LEVEL:-$(parallel_jobs)}" "$@"
    fi
    exec {lock}>&-
}
