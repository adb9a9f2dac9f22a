"""The experiment of a run as it stands in its folder."""

from transferpain.core.contracts import Section
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection

RAISED = (
    "{} of {} trainings took more epochs than training.epochs ({}) states, at most {}, because training.least_steps "
    "asks for {} steps."
)


def build(run: RunFacts) -> Section | None:
    """Return the resolved experiment, and whether more epochs were trained than it states; `None` for predictions that
    were made elsewhere.
    """
    if not run.made_here:
        return None
    title = "Experiment, with every default filled in"
    return Section(title=title, listing=run.experiment_text, notes=raised_epochs(run), folded=True)


def raised_epochs(run: RunFacts) -> tuple[str, ...]:
    """Return a sentence if `training.least_steps` raised the number of epochs of a training."""
    training = run.experiment.get("training", {})
    least, epochs = training.get("least_steps"), training.get("epochs")
    taken = [len(history) for history in run.histories.values()]
    more = [number for number in taken if least and number > epochs]
    return (RAISED.format(len(more), len(taken), epochs, max(more), least),) if more else ()


EXPERIMENT = ReportSection("experiment", "run", build)
