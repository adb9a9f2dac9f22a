"""Null worlds: the same experiments where nothing can be learned, so that every score must be at chance.

Where the data are twins, null twins take their place: action units do not depend on the labels, and all else is as it
is: lengths, rates, order, light. On other data labels are dealt anew within subjects; that finds leaks of fitting and
of selection, but none of length, rate or order, which hang on the clips and not on the labels that they are given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from transferpain.core.seeds import derive_seed
from transferpain.core.store import read_json
from transferpain.data.places import Places
from transferpain.data.protocols.fold import learn_from_each_other
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import MARK
from transferpain.evaluation.null_worlds import PERMUTATIONS, NullScore
from transferpain.evaluation.permutation import permuted_scores
from transferpain.evaluation.predictions import PROBE_TITLES, labelled_rows, number_of_classes
from transferpain.experiments.null_probe import probe_steps
from transferpain.experiments.plan import RunPlan
from transferpain.experiments.samples import hang_together
from transferpain.experiments.schema import Experiment

DRAWS = 5
# Behind the name of a cell stands, after this, what else is judged of it.
PART = ": "
# Which answers lean further to a class than those of the same fold do on average: a head that says one class of all
# may lean, too.
LEANING = f"{PART}leaning"
# What the sampling alone tells of its clips.
STEPS = f"{PART}steps"
# Told apart from the seeds that a file names: the null twin of a seed is another world than its twin.
FIRST_SEED = 1000


@dataclass(frozen=True)
class World:
    """One null world.

    Attributes:
        draw: its number, from 1 on.
        places: where its data stand.
        twins: dataset -> the twin to draw there; where labels are dealt anew those that the file draws, as they are.
        permutes: whether labels are dealt anew.
    """

    draw: int
    places: Places
    twins: dict[str, TwinSettings]
    permutes: bool

    def experiment(self, experiment: Experiment) -> Experiment:
        """Return an experiment as it is run in this world."""
        return experiment.model_copy(update={"null_draw": self.draw}) if self.permutes else experiment


def null_worlds(name: str, twins: Mapping[str, TwinSettings], datasets: set[str], places: Places) -> Iterator[World]:
    """Yield the worlds of a file.

    Args:
        name: of the file; twins that it does not draw itself are drawn into `data/null-worlds/<name>/`.
        twins: those that it draws.
        datasets: that its experiments read.
        places: where it reads them; the data of a file with twins stand there, too.
    """
    top = places.data_root.with_name(f"{places.data_root.name}-null")
    own = dict(twins)
    if not twins:
        twins = {dataset: found for dataset in sorted(datasets) if (found := _drawn(dataset, places.data_root))}
        top = places.workspace / "data" / "null-worlds" / name
    for draw in range(1, DRAWS + 1):
        if datasets <= set(twins):
            drawn = {dataset: _null(settings, draw) for dataset, settings in twins.items()}
            yield World(draw, Places(top / str(draw), places.workspace), drawn, permutes=False)
        else:
            yield World(draw, places, own, permutes=True)


def _drawn(dataset: str, data_root: Path) -> TwinSettings | None:
    """Return the settings of the twin that stands in a data root; `None` where it is no twin."""
    path = data_root / dataset / MARK
    if not path.is_file():
        return None
    facts = read_json(path)
    known = {key: facts[key] for key in TwinSettings.__dataclass_fields__ if key in facts}
    return TwinSettings(**known | ({"levels": tuple(known["levels"])} if known.get("levels") else {}))


def _null(settings: TwinSettings, draw: int) -> TwinSettings:
    return replace(settings, null=True, seed=settings.seed + FIRST_SEED * draw)


def null_scores(plan: RunPlan, draw: int, places: Places) -> list[NullScore]:
    """Return what is judged of a finished run: balanced accuracy of its head, its linear probes, and the sampling.

    Each stands beside those with labels dealt anew within subjects; in a circle where neighbours hang together. These
    are spread where folds learned from each other's subjects, as the probe of the sampling always does.
    """
    name, in_series = plan.experiment.name, hang_together(plan.task.sample, plan.clips)
    probes = plan.run.probe_predictions()
    answers = plan.run.predictions()
    found = {name: answers, f"{name}{LEANING}": leaning(answers)}
    found |= {f"{name}{PART}{PROBE_TITLES[probe]}": predictions for probe, predictions in probes.items()}
    found[f"{name}{STEPS}"] = probe_steps(plan, places)
    scores, shared = [], learn_from_each_other(plan.folds)
    for cell, predictions in found.items():
        if predictions is not None:
            seed = derive_seed("null world", cell, draw)
            crossed = shared or cell.endswith(STEPS)
            how = {"in_series": in_series, "cross_validated": crossed, "draws": PERMUTATIONS, "seed": seed}
            scores.append(NullScore(cell, draw, *permuted_scores(predictions, **how)))
    return scores


def leaning(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the labelled rows of a run's predictions, with the class that each leans to most against its fold's mean.

    No label is looked at, so that permuted labels judge it as they judge the answers.
    """
    rows = labelled_rows(predictions)
    columns = [f"p_{number}" for number in range(number_of_classes(rows))]
    leans = rows[columns] - rows.groupby(["fold", "seed"])[columns].transform("mean")
    return rows.assign(y_pred=leans.to_numpy().argmax(axis=1))


def declared_leak(experiment: Experiment) -> str:
    """Return why an experiment may be above chance in a null world by its own declaration; "" where it may not."""
    if experiment.protocol.allow_leakage:
        return "it deals out frames at random"
    return "it stops on the tested subjects" if experiment.protocol.selects_on_test else ""
