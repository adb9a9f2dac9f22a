"""Where the time of `make demo` goes: its stages, called one after the other, in its order, in a new workspace."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.data import EXPERIMENTS
from benchmarks.measure import Figure, main
from tests.small_study import write_small_study
from transferpain.data.places import Places
from transferpain.data.synthetic.twins import is_drawn
from transferpain.experiments.chosen_source import source_experiment
from transferpain.experiments.runner import extract_only, find_faces, finished_run, run_experiment
from transferpain.experiments.study import datasets_read, draw_twin, load_batch
from transferpain.models.sources.origin import BUILT
from transferpain.reports.studies import report_batch


def measure(folder: Path, quick: bool) -> dict:
    study = write_small_study(folder / "experiments") if quick else EXPERIMENTS / "demo.yaml"
    batch = load_batch(study, Places(folder / "data", folder), ["seeds=[0]", "training.epochs=1"] if quick else [])
    seconds, first = {}, 0.0

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        seconds[name] = time.monotonic() - started

    runs = []
    for experiment in batch.experiments:
        for dataset, settings in batch.twins.items():
            if dataset in datasets_read(experiment, batch.folder) and not is_drawn(
                dataset, batch.places.data_root, settings
            ):
                with stage(f"drawing the {dataset} twin"):
                    draw_twin(dataset, batch.places.data_root, settings)
        source = None if experiment.source in BUILT else source_experiment(experiment, batch.folder)
        if source is not None and finished_run(source, batch.folder, batch.places) is None:
            with stage(f"faces for {source.name}"):
                find_faces(source, batch.places)
            with stage(f"training {source.name}"):
                run_experiment(source, batch.folder, batch.places)
        with stage(f"faces for {experiment.name}"):
            find_faces(experiment, batch.places)
        with stage(f"features for {experiment.name}"):
            extract_only(experiment, study, batch.places)
        with stage(f"heads of {experiment.name}"):
            runs.append(run_experiment(experiment, batch.folder, batch.places))
        first = first or sum(seconds.values())
    with stage("report"):
        report_batch(batch, runs)
    total = sum(seconds.values())
    figures = [Figure("all of it", total, "s", most=300), Figure("until the first score", first, "s", most=90)]
    figures += [Figure(name, value, "s") for name, value in sorted(seconds.items(), key=lambda item: -item[1])]
    return {"figures": figures}


if __name__ == "__main__":
    main("demo", measure)
