"""From experiments to works that many machines share: sources, faces and features by shards of clips, then the runs."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.store import fingerprint
from transferpain.data.places import Places
from transferpain.experiments.chosen_source import settled, source_experiment
from transferpain.experiments.estimate import DETECTION_RATES, ESTIMATED_ON, estimate
from transferpain.experiments.executors.base import Work
from transferpain.experiments.prepared import prepared_data
from transferpain.experiments.runner import finished_run, make_plan
from transferpain.experiments.schema import Experiment
from transferpain.inputs.faces.measure import nominal_shards
from transferpain.inputs.faces.shards import dealt
from transferpain.inputs.faces.stage import faces_measurement
from transferpain.models.sources.origin import BUILT
from transferpain.strategies.registry import STRATEGIES

# A share is as long as this, so that a lost one is no great loss; and not shorter than that, as a process has to start:
# what is shorter as a whole is left to the first run that needs it.
SHARE_SECONDS, LEAST_SECONDS = 120.0, 10.0
# Each machine gets so many shares at least: then none waits long for the last one.
SHARES_EACH = 2


def clips_of(experiment: Experiment, places: Places) -> pd.DataFrame:
    """Return the rows of the index whose media an experiment reads, in its order.

    Raises:
        UserError: as `prepared_data`.
    """
    return prepared_data(experiment, places).clips


def sources_of(experiment: Experiment, folder: Path) -> list[Experiment]:
    """Return the experiments that an experiment's source comes from, the first ancestor first."""
    source = None if experiment.source in BUILT else source_experiment(experiment, folder)
    return [] if source is None else [*sources_of(source, folder), source]


def source_name(source: Experiment) -> str:
    """Return the name of a source's work: two sources of one name may be set otherwise."""
    return f"source-{source.name}-{fingerprint(source.resolved())[:6]}"


def source_works(experiments: Sequence[Experiment], folder: Path, places: Places) -> dict[str, Work]:
    """Return the unfinished sources of experiments, each once and behind its own source.

    Returns:
        Fingerprint of the source's settings -> its work.
    """
    found: dict[str, Work] = {}
    for experiment in experiments:
        after: tuple[str, ...] = ()
        for source in sources_of(experiment, folder):
            key = fingerprint(source.resolved())
            if key not in found:
                if finished_run(source, folder, places) is not None:
                    continue
                found[key] = Work(source_name(source), source, after=after, title=f"source {source.name}")
            after = (found[key].name,)
    return found


def slower(experiment: Experiment) -> float:
    """Return how many times as long as estimated a process with the threads of an experiment takes."""
    return ESTIMATED_ON / (experiment.threads or ESTIMATED_ON)


class Sharing:
    """Makes works of experiments, so that what several of them need is one work.

    Args:
        folder: where experiments that `source:` names stand.
        places: where data is read from and results are written to.
        machines: how many processes the machines compute at a time.
        least: seconds that a share takes at least.
    """

    def __init__(self, folder: Path, places: Places, machines: int, least: float = LEAST_SECONDS):
        self._folder, self._places, self._machines, self._least = folder, places, machines, least
        self._works: dict[str, Work] = {}
        self._shared: dict[str, tuple[str, ...]] = {}
        self._complete: dict[str, bool] = {}

    def works(self, experiments: Sequence[Experiment]) -> list[Work]:
        """Return the works of unfinished experiments: runs are called as their experiments are."""
        for experiment in experiments:
            self._run(experiment, experiment.name, experiment.name)
        return list(self._works.values())

    def extraction(self, experiment: Experiment) -> list[Work]:
        """Return the works that leave the faces and features of an experiment, and its sources, in their places."""
        self._prepared(experiment)
        return list(self._works.values())

    def _run(self, experiment: Experiment, name: str, title: str) -> None:
        after, seconds = (), 0.0
        # What stands in its way, its own process says.
        with suppress(UserError):
            after = self._prepared(experiment)
            stages = estimate(experiment, self._folder, self._places, lambda source: True)
            seconds = sum(stage.seconds for stage in stages if not stage.name.startswith(("faces ", "features ")))
            seconds *= slower(experiment)
        self._add(Work(name, experiment, after=after, seconds=seconds, title=title))

    def _add(self, work: Work) -> None:
        self._works[work.name] = work

    def _prepared(self, experiment: Experiment) -> tuple[str, ...]:
        """Add what an experiment waits for; return the names."""
        source = self._source(experiment)
        faces, complete = self._faces(experiment)
        return (*source, *faces, *self._features(experiment, source, faces, complete))

    def _source(self, experiment: Experiment) -> tuple[str, ...]:
        source = None if experiment.source in BUILT else source_experiment(experiment, self._folder)
        if source is None or finished_run(source, self._folder, self._places) is not None:
            return ()
        name = source_name(source)
        if name not in self._works:
            self._run(source, name, f"source {source.name}")
        return (name,)

    def _faces(self, experiment: Experiment) -> tuple[tuple[str, ...], bool]:
        """Add the shares of the faces; return their names, and whether the cache holds all of them now."""
        experiment = settled(experiment, self._folder)
        if not experiment.finds_faces:
            return (), True
        clips = clips_of(experiment, self._places)
        if (clips["kind"] == "image_rows").all():
            return (), True
        settings = experiment.faces
        key = fingerprint(["faces", settings.model_dump(mode="json"), clips["clip"].tolist()])
        if key not in self._shared:
            weights = self._frames(experiment, clips, missing=True)
            rate = DETECTION_RATES[settings.detector] / slower(experiment)
            self._shared[key] = self._deal(Work("faces", experiment, "faces"), key, weights, rate)
            self._complete[key] = not weights
        return self._shared[key], self._complete[key]

    def _frames(self, experiment: Experiment, clips: pd.DataFrame, missing: bool) -> dict[int, float]:
        measurement = faces_measurement(experiment.faces, self._places.cache)
        return nominal_shards(clips, self._places.data_root, measurement, self._places.cache, missing)

    def _features(
        self, experiment: Experiment, source: tuple[str, ...], faces: tuple[str, ...], complete: bool
    ) -> tuple[str, ...]:
        """Add the shares of the features; return their names.

        Args:
            source, faces: what they wait for.
            complete: whether the cache holds all faces now.
        """
        strategy = STRATEGIES[experiment.strategy]
        if strategy.reads != "features" or not experiment.finds_faces:
            return ()
        experiment = settled(experiment, self._folder)
        clips = clips_of(experiment, self._places)
        if (clips["kind"] == "image_rows").all():
            return ()
        stages = estimate(experiment, self._folder, self._places, lambda source: True)
        (stage,) = [one for one in stages if one.name.startswith("features ")]
        key = fingerprint(["features", stage.name, stage.work, stage.of, str(experiment.threads)])
        if key not in self._shared:
            if source or not complete:
                weights = self._frames(experiment, clips, missing=False)
            else:
                weights = strategy.missing_features(make_plan(experiment, self._folder, self._places), self._places)
            rate = sum(weights.values()) / max(stage.seconds * slower(experiment), 1.0)
            work = Work("features", experiment, "features", after=(*source, *faces))
            self._shared[key] = self._deal(work, key, weights, max(rate, 1e-9))
        return self._shared[key]

    def _deal(self, stage: Work, key: str, weights: dict[int, float], rate: float) -> tuple[str, ...]:
        """Add the shares of a stage; return their names: none where it is too short to be shared out.

        Args:
            stage: all of it.
            key: of what it leaves behind.
            weights: shard -> what it takes.
            rate: the weight that a process computes in a second.
        """
        seconds = sum(weights.values()) / rate
        each = min(SHARES_EACH * self._machines, math.floor(seconds / self._least))
        number = max(each, math.ceil(seconds / SHARE_SECONDS))
        if number > self._machines:
            # As many for each machine, or one would compute the last share while the others wait.
            number -= number % self._machines
        shares = dealt(weights, number) if each else []
        names = []
        for number, (shards, weight) in enumerate(shares, start=1):
            name = f"{stage.does}-{stage.experiment.name}-{key[:6]}-{number}"
            title = f"{stage.does} of {stage.experiment.name}, share {number} of {len(shares)}"
            self._add(replace(stage, name=name, shards=shards, seconds=weight / rate, title=title))
            names.append(name)
        return tuple(names)
