#!/bin/sh
# Writes locks/python3.1*.txt: every package of the full set, the tests and the site, resolved for each Python.
set -eu
cd "$(dirname "$0")"
for version in 3.11 3.12 3.13; do
    "${UV:-.venv/bin/uv}" pip compile --quiet --no-header --no-annotate --no-strip-markers --python-version $version \
        "$@" --extra docs pyproject.toml requirements.txt requirements-dev.txt --output-file locks/python$version.txt
done
