#!/bin/bash
# A matrix on the nodes of a Slurm job: sbatch --nodes=4 docs/slurm.sh experiments/transfer-matrix.yaml --data-root DIR --set threads=4
#SBATCH --job-name=transferpain
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=32
#SBATCH --exclusive
#SBATCH --time=24:00:00
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
# A job that comes to its limit of time is asked to end; queued again, it goes on with what was not finished.
set -euo pipefail
bin=${TRANSFERPAIN_BIN:-$PWD/.venv/bin}
port=${RAY_PORT:-6379}
cores=${SLURM_CPUS_PER_TASK:-1}
export RAY_USAGE_STATS_ENABLED=0

mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes[0]}
if (: <"/dev/tcp/$head/$port") 2>/dev/null; then
    echo "Something answers at $head:$port already, perhaps somebody's cluster: set RAY_PORT to a free port." >&2
    exit 1
fi

steps=() driver=
end() {
    trap - TERM INT EXIT
    [ -z "$driver" ] || kill -TERM "$driver" 2>/dev/null && wait "$driver" 2>/dev/null || true
    [ ${#steps[@]} -eq 0 ] || kill -TERM "${steps[@]}" 2>/dev/null || true
    wait
}
trap 'end; exit 143' TERM INT
trap end EXIT

srun --nodes=1 --ntasks=1 --nodelist="$head" \
    "$bin/ray" start --head --node-name="$head" --port="$port" --num-cpus="$cores" --include-dashboard=false --block &
steps+=($!)
until "$bin/ray" health-check --address "$head:$port" >/dev/null 2>&1; do
    kill -0 "${steps[0]}" || exit 1
    sleep 1
done
for node in "${nodes[@]:1}"; do
    srun --nodes=1 --ntasks=1 --nodelist="$node" \
        "$bin/ray" start --node-name="$node" --address="$head:$port" --num-cpus="$cores" --block &
    steps+=($!)
done
"$bin/transferpain" matrix "$@" --executor ray --address "$head:$port" &
driver=$!
wait "$driver"
