"""The experiment of a run as it stands in its folder."""

from transferpain.core.contracts import Section
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection

STRETCHED = (
    "training.epochs ({}) and patience ({}) count epochs of {} steps (training.epoch_steps): with fewer an epoch, they "
    "were stretched in proportion. Trainings took {} to {} epochs."
)


def build(run: RunFacts) -> Section | None:
    """Return the resolved experiment, and what its epochs count as; `None` for predictions that were made elsewhere."""
    if not run.made_here:
        return None
    title = "Experiment, with every default filled in"
    return Section(title=title, listing=run.experiment_text, notes=stretched_epochs(run), folded=True)


def stretched_epochs(run: RunFacts) -> tuple[str, ...]:
    """Return a sentence if `training.epoch_steps` says what an epoch counts as, with how many were trained."""
    training = run.experiment.get("training", {})
    taken = [len(history) for history in run.histories.values()]
    if not training.get("epoch_steps") or not taken:
        return ()
    patience = training.get("patience") or "none"
    return (STRETCHED.format(training.get("epochs"), patience, training["epoch_steps"], min(taken), max(taken)),)


EXPERIMENT = ReportSection("experiment", "run", build)
