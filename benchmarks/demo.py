"""Where the time of `make demo` goes: its stages, called one after the other in a new workspace."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.data import EXPERIMENTS
from benchmarks.measure import Figure, main
from tests.small_study import write_small_study
from transferpain.data.places import Places
from transferpain.experiments.chosen_source import source_experiment
from transferpain.experiments.runner import extract_only, find_faces, run_experiment
from transferpain.experiments.study import draw_twin, load_batch
from transferpain.models.sources.origin import BUILT
from transferpain.reports.studies import report_batch


def measure(folder: Path, quick: bool) -> dict:
    study = write_small_study(folder / "experiments") if quick else EXPERIMENTS / "demo.yaml"
    batch = load_batch(study, Places(folder / "data", folder), [])
    seconds = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        seconds[name] = time.monotonic() - started

    for dataset, settings in batch.twins.items():
        with stage(f"drawing the {dataset} twin"):
            draw_twin(dataset, batch.places.data_root, settings)
    sources = {
        experiment.source: source_experiment(experiment, batch.folder)
        for experiment in batch.experiments
        if experiment.source not in BUILT
    }
    for source in sources.values():
        with stage(f"faces for {source.name}"):
            find_faces(source, batch.places)
        with stage(f"training {source.name}"):
            run_experiment(source, batch.folder, batch.places)
    runs = []
    for experiment in batch.experiments:
        with stage(f"faces for {experiment.name}"):
            find_faces(experiment, batch.places)
        with stage(f"features for {experiment.name}"):
            extract_only(experiment, study, batch.places)
        with stage(f"heads of {experiment.name}"):
            runs.append(run_experiment(experiment, batch.folder, batch.places))
    with stage("report"):
        report_batch(batch, runs)
    total = sum(seconds.values())
    figures = [Figure("all of it", total, "s")]
    figures += [Figure(name, value, "s") for name, value in sorted(seconds.items(), key=lambda item: -item[1])]
    return {"figures": figures}


if __name__ == "__main__":
    main("demo", measure)
