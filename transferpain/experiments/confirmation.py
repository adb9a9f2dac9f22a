"""Confirmation sets: the same study on twins of other seeds, which nothing was chosen on.

A study's own twins are those that its settings were tried on. The sets stand in its file, and so in its registration.
"""

from collections.abc import Iterator
from dataclasses import replace

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.places import Places
from transferpain.experiments.study import Batch, datasets_read


def confirmation_sets(batch: Batch) -> Iterator[Batch]:
    """Yield a study as it is run on each of its sets; each has a data root and a report folder of its own.

    Raises:
        UserError: if the study names no sets, no comparison, or reads data that it does not draw.
    """
    lines = {
        "It names no sets: `confirmation_seeds` of the study's file does.": not batch.confirmation_seeds,
        "It names no comparison: `comparisons` of the study's file does.": not batch.comparisons,
    }
    if wrong := [line for line, holds in lines.items() if holds]:
        raise UserError(
            f"{batch.name} cannot be confirmed.",
            rule="What is confirmed are the comparisons of a study, on sets of twins that its file names.",
            received=" ".join(wrong),
            todo="Add them to the file before anything is run.",
        )
    read = set().union(*(datasets_read(experiment, batch.folder) for experiment in batch.experiments))
    if foreign := sorted(read - set(batch.twins)):
        raise UserError(
            f"{batch.name} cannot be confirmed.",
            rule="Every set is drawn anew, so the study draws all of its data.",
            received=f"data that it does not draw: {', '.join(foreign)}",
            todo="Confirm a study of twins alone; on other data a comparison's interval stands in the report.",
        )
    root = batch.places.data_root
    for seed in batch.confirmation_seeds:
        twins = {
            # Two datasets of one set have other people.
            name: replace(settings, seed=derive_seed("confirmation set", seed, name))
            for name, settings in batch.twins.items()
        }
        places = Places(root.with_name(f"{root.name}-confirmation") / str(seed), batch.places.workspace)
        yield replace(batch, report=f"{batch.report}-confirmation", places=places, twins=twins)
