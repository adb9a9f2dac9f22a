#!/bin/bash
# A matrix on machines that ssh reaches, this one first: docs/hosts.sh "second third" experiments/transfer-matrix.yaml --set threads=4
# Each sees this folder at this path. Ray ends on them with this script.
set -euo pipefail
hosts=$1
shift
bin=${TRANSFERPAIN_BIN:-$PWD/.venv/bin}
port=${RAY_PORT:-6379}
here=${RAY_HOST:-$(hostname)}
export RAY_USAGE_STATS_ENABLED=0

if (: <"/dev/tcp/$here/$port") 2>/dev/null; then
    echo "Something answers at $here:$port already, perhaps somebody's cluster: set RAY_PORT to a free port." >&2
    exit 1
fi

steps=()
end() {
    trap - TERM INT EXIT
    [ ${#steps[@]} -eq 0 ] || kill -TERM "${steps[@]}" 2>/dev/null || true
    wait
}
trap 'end; exit 143' TERM INT
trap end EXIT

"$bin/ray" start --head --node-name="$here" --port="$port" --include-dashboard=false --block >/dev/null &
steps+=($!)
until "$bin/ray" health-check --address "$here:$port" >/dev/null 2>&1; do
    kill -0 "${steps[0]}" || exit 1
    sleep 1
done
for host in $hosts; do
    # With a terminal, what ssh has started ends when ssh does.
    ssh -tt "$host" "cd ${PWD@Q} && RAY_USAGE_STATS_ENABLED=0 ${bin@Q}/ray start --node-name=${host@Q} --address=${here@Q}:$port --block" >/dev/null &
    steps+=($!)
done
"$bin/transferpain" matrix "$@" --executor ray --address "$here:$port"
