"""What a Ray cluster of two nodes with one processor each costs and gains, and how fast finished cells are recognised.

Both nodes are this machine: there is no network, and no network's file system.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.matrix import MATRIX, write_quick_matrix
from benchmarks.measure import Figure, main
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.experiments.executors.base import Conditions, Work
from transferpain.experiments.executors.ray import RAY
from transferpain.experiments.matrix.cells import expand
from transferpain.experiments.matrix.run import finished_runs, load
from transferpain.experiments.matrix.settings import load_matrix
from transferpain.experiments.runner import extract_only
from transferpain.experiments.schema import load_experiment
from transferpain.experiments.study import draw_twin

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
ONE_THREAD = ("--set", "threads=1")
TWIN = TwinSettings(subjects=20, seed=1, clips=3, seconds=2.2)
QUICK_TWIN = TwinSettings(subjects=9, seed=1, clips=1, seconds=0.6)
FINISHED = 10_000


def measure(folder: Path, quick: bool) -> dict:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    small = {"object_store_memory": 80 * 1024 * 1024, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **small})
    node = {"num_cpus": 1, "memory": 4_000_000_000, "object_store_memory": small["object_store_memory"]}
    try:
        first = cluster.add_node(node_name="one", **node)
        figures = [driver_figure(folder / "driver", cluster.address, quick)]
        one = timed_extraction(folder / "extraction", cluster.address, quick)
        cluster.add_node(node_name="two", **node)
        two = timed_extraction(folder / "extraction", cluster.address, quick)
        figures.append(Figure("extraction: two nodes v one", one / two, least=1.8))
        figures += matrix_figures(folder / "matrix", cluster.address, quick)
        cluster.remove_node(first)
    finally:
        cluster.shutdown()
    return {"figures": figures, "extraction_seconds": {"one": one, "two": two}}


def driver_figure(folder: Path, address: str, quick: bool) -> Figure:
    """Return what a work takes beyond its process and a task of Ray that does nothing, each in a worker of its own."""
    import ray

    draw_twin("ai4pain", folder / "data", QUICK_TWIN)
    experiment = load_experiment(EXPERIMENTS / "ai4pain-ann.yaml", {"source": "untrained", "threads": 1})
    # Shards without a clip: the process starts, finds nothing to do, and ends.
    works = [Work(f"nothing-{number}", experiment, "faces", ()) for number in range(3 if quick else 20)]
    ends, processes = [], []
    conditions = Conditions(EXPERIMENTS, Places(folder / "data", folder), folder / "logs", 1, address)
    for outcome in RAY.run(works, conditions):
        ends.append(time.monotonic())
        processes.append(outcome.seconds)
    apart = [later - earlier - seconds for earlier, later, seconds in zip(ends, ends[1:], processes[1:], strict=False)]
    with ray.init(address=address, log_to_driver=False):
        nothing = ray.remote(max_calls=1, num_cpus=1)(lambda: None)
        bare = []
        for _ in range(len(works)):
            started = time.monotonic()
            ray.get(nothing.remote())
            bare.append(time.monotonic() - started)
    overhead = max(1e-3, statistics.median(apart) - statistics.median(bare))
    return Figure("the driver's part of a work", 1000 * overhead, "ms", most=50)


def timed_extraction(folder: Path, address: str, quick: bool) -> float:
    """Return the seconds of `transferpain extract` of a twin whose cache is empty."""
    draw_twin("ai4pain", folder / "data", QUICK_TWIN if quick else TWIN)
    shutil.rmtree(folder / "cache", ignore_errors=True)
    changes = {"source": "untrained", "faces.detector": "mediapipe", "faces.size": 64, "window.seconds": 0.5}
    changes |= {"backbone": "squeezenet", "faces.size": 32} if quick else {}
    options = ["--data-root", folder / "data", *(part for key, value in changes.items() for part in set_to(key, value))]
    return timed(folder, "extract", EXPERIMENTS / "ai4pain-ann.yaml", *options, *on(address))


def matrix_figures(folder: Path, address: str, quick: bool) -> list[Figure]:
    """Compare a matrix whose features are cached on two nodes with `--jobs 2`; then let its cells be recognised."""
    folder.mkdir()
    path = write_quick_matrix(folder / "benchmarks") if quick else MATRIX
    matrix = load_matrix(path)
    places = Places(folder / matrix.data_root, folder)
    for dataset, settings in matrix.twins.items():
        draw_twin(dataset, places.data_root, settings)
    for part in (part for cell in expand(matrix, path.parent, {"threads": 1}) for part in cell.parts):
        extract_only(part, path, places)
    seconds = {}
    for name, where in {"local": (*ONE_THREAD, "--jobs", "2"), "ray": on(address)}.items():
        shutil.rmtree(folder / "runs", ignore_errors=True)
        seconds[name] = timed(folder, "matrix", path, *where)
    loaded = load(path, Places(places.data_root, folder), ["threads=1"], [])
    started = time.monotonic()
    looked = 0
    while looked < FINISHED:
        looked += len(finished_runs(loaded.cells[: FINISHED - looked], loaded))
    recognised = time.monotonic() - started
    return [
        Figure("a matrix on two nodes v --jobs 2: the time", seconds["ray"] / seconds["local"], most=1.1),
        Figure(f"{FINISHED} finished cells are recognised", recognised, "s", most=20),
    ]


def set_to(key: str, value: object) -> tuple[str, str]:
    """Return what changes a key on the command line."""
    return "--set", f"{key}={value}"


def on(address: str) -> tuple[str, ...]:
    """Return the options of a command that computes on the cluster."""
    return *ONE_THREAD, "--executor", "ray", "--address", address


def timed(workspace: Path, *arguments: object) -> float:
    """Return the seconds of a `transferpain` command in a process of its own."""
    program = Path(sys.executable).with_name("transferpain")
    started = time.monotonic()
    subprocess.run(
        [str(part) for part in (program, *arguments, "--workspace", workspace)], check=True, capture_output=True
    )
    return time.monotonic() - started


if __name__ == "__main__":
    main("cluster", measure)
