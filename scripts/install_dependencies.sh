#!/usr/bin/env bash
# Installs what tugline is built from, on Debian 12 or Ubuntu 24.04 and later: only the packages that are missing, so
# a second run is instant and needs no root.
#
#   scripts/install_dependencies.sh             to build and to run
#   scripts/install_dependencies.sh --tests     also the test and benchmark libraries, clang-format, and on Debian Chromium (120 MB)
#   scripts/install_dependencies.sh --python   also what the Python package is built with
#   scripts/install_dependencies.sh --clusters  also Slurm and Open MPI, for `make cluster-test`
#   scripts/install_dependencies.sh --tidy      also clang-tidy
#   scripts/install_dependencies.sh --clang     also clang and its OpenMP, for the libFuzzer targets and ThreadSanitizer
#   scripts/install_dependencies.sh --valgrind  also valgrind
#   scripts/install_dependencies.sh --coverage  also gcovr, for `make coverage`
set -euo pipefail

build_packages=(
  g++ cmake ninja-build pkgconf ccache          # tools
  libdnnl-dev libhwy-dev                        # matrix products, SIMD
  libonig-dev libutf8proc-dev                   # tokenizer: regular expressions, Unicode normalisation
  nlohmann-json3-dev libcli11-dev libedit-dev   # JSON, command line, line editing
  librandom123-dev libboost-math-dev libeigen3-dev
  libsqlitecpp-dev libsqlite3-dev               # run store
  zlib1g-dev                                    # .npz
  libcurl4-openssl-dev libssl-dev               # models from the hub
  libfmt-dev libspdlog-dev
  gnuplot-nox                                   # figures
  python3 ca-certificates                       # the model fetcher
)
test_packages=(libgtest-dev librapidcheck-dev libbenchmark-dev clang-format strace)
browser_package=chromium  # for the test of report pages, which skips without it; Ubuntu has it as a snap only
python_packages=(python3-dev python3-venv)
cluster_packages=(slurmctld slurmd slurm-client munge openmpi-bin)
tidy_packages=(clang-tidy libomp-dev)
clang_packages=(clang llvm libomp-dev)  # llvm: the symbolizer of the sanitizers' reports; libomp-dev has Archer, which tells them of OpenMP
coverage_packages=(gcovr)
valgrind_packages=(valgrind libc6-dbg)  # memcheck replaces functions of the C library, which it finds by their symbols

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; }

say() { echo "install_dependencies: $*" >&2; }

die() {
  say "$*"
  exit 2
}

is_installed() {
  dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# Prints the packages among its arguments that are not installed.
missing_of() {
  local package
  for package in "$@"; do
    is_installed "$package" || echo "$package"
  done
}

# pip may have come another way than as a package; what counts is that python3 has it.
missing_pip() {
  python3 -m pip --version >/dev/null 2>&1 || missing_of python3-pip
}

refuse_system() {
  die "this is $1, and the packages are known for Debian 12 and Ubuntu 24.04 (and later) only." \
    "Install these yourself, with their development files: a C++20 compiler (GCC 12 or Clang 14, with OpenMP)," \
    "CMake 3.25, Ninja, pkg-config, oneDNN 2.6, Highway 1.0, Oniguruma 6.9, utf8proc, nlohmann/json 3.11, CLI11 2.1, libedit 3.1," \
    "Random123, Boost.Math 1.74, Eigen 3.4, SQLiteCpp 3.2 with SQLite 3, zlib, libcurl 7.85, OpenSSL 3, fmt, spdlog, gnuplot, Python 3 with pip;" \
    "for the tests GoogleTest, RapidCheck, Google Benchmark, clang-format; then call make with DEPENDENCIES=no."
}

# TUGLINE_OS_RELEASE lets a test say what system this is.
check_system() {
  local release=${TUGLINE_OS_RELEASE:-/etc/os-release} oldest=""
  [[ -r $release ]] || refuse_system "a system without /etc/os-release"
  local ID="" VERSION_ID="" PRETTY_NAME=""
  # shellcheck source=/dev/null
  . "$release"
  system=$ID
  case $ID in
    debian) oldest=12 ;;
    ubuntu) oldest=24.04 ;;
  esac
  local name=${PRETTY_NAME:-${ID:-an unnamed system}}
  [[ -n $oldest ]] || refuse_system "$name"
  # Debian's testing branch has no VERSION_ID, and is newer than 12.
  dpkg --compare-versions "${VERSION_ID:-$oldest}" ge "$oldest" || refuse_system "$name"
}

# Runs a command as root, without ever asking anything where nobody can answer.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif ! command -v sudo >/dev/null; then
    die "installing needs root, and there is no sudo: run this as root, or have somebody install: ${missing[*]}"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@" || die "'sudo $1' did not succeed (see above; without a terminal it can ask for no password). Wanted: ${missing[*]}"
  fi
}

# Waits up to five minutes for another apt to let go of its locks.
apt() {
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
    apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -q -y "$@"
}

wanted=("${build_packages[@]}")
system=""
clang=no
tests=no
while [[ $# -gt 0 ]]; do
  case $1 in
    --tests) wanted+=("${test_packages[@]}") tests=yes ;;
    --python) wanted+=("${python_packages[@]}") ;;
    --clusters) wanted+=("${cluster_packages[@]}") ;;
    --tidy) wanted+=("${tidy_packages[@]}") ;;
    --clang) wanted+=("${clang_packages[@]}") clang=yes ;;
    --valgrind) wanted+=("${valgrind_packages[@]}") ;;
    --coverage) wanted+=("${coverage_packages[@]}") ;;
    -h | --help) usage; exit 0 ;;
    *) die "unknown option '$1'; there are --tests, --python, --clusters, --tidy, --clang, --valgrind and --coverage" ;;
  esac
  shift
done

# Without a browser one test skips, so that a failure is no reason to stop.
install_browser() {
  missing=("$browser_package")
  (install "$browser_package") || say "there is no Chromium, so the test of report pages will skip"
}

install() {
  say "installing $*"
  # Lists may be absent (container images) or too old; where they can't be renewed, those at hand may still do.
  apt update >&2 || say "the package lists could not be renewed; trying with those that are here"
  apt install --no-install-recommends "$@" >&2 || die "apt could not install: $* (its words are above)"
}

# From LLVM 15 or so the fuzzer's and sanitizers' run-time libraries are a package of their own that clang does not depend on.
has_sanitizers() {
  echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
    clang++ -x c++ -fsanitize=fuzzer,address,undefined - -o /dev/null 2>/dev/null
}

check_system
mapfile -t missing < <(missing_of "${wanted[@]}"; missing_pip)
[[ ${#missing[@]} -eq 0 ]] || install "${missing[@]}"
if [[ $tests == yes && $system == debian ]] && ! is_installed "$browser_package"; then
  install_browser
fi
if [[ $clang == yes ]] && ! has_sanitizers; then
  missing=("libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev")
  install "${missing[@]}"
fi
