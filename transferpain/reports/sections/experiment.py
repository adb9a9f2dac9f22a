"""The experiment of a run as it stands in its folder."""

from transferpain.core.contracts import Section
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection

PASSES = (
    "Epochs of this run have {} steps or more (training.epoch_steps): where all training rows make fewer, an epoch is "
    "several passes over them. Trainings took {} to {} epochs."
)


def build(run: RunFacts) -> Section | None:
    """Return the resolved experiment, and what its epochs count as; `None` for predictions that were made elsewhere."""
    if not run.made_here:
        return None
    title = "Experiment, with every default filled in"
    return Section(title=title, listing=run.experiment_text, notes=passes(run), folded=True)


def passes(run: RunFacts) -> tuple[str, ...]:
    """Return a sentence if `training.epoch_steps` says how long an epoch is, with how many were trained."""
    steps = (run.experiment.get("training") or {}).get("epoch_steps")
    taken = [len(history) for history in run.histories.values()]
    return (PASSES.format(steps, min(taken), max(taken)),) if steps and taken else ()


EXPERIMENT = ReportSection("experiment", "run", build)
