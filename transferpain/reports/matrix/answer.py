"""What a matrix answers, in a sentence: it stands under the title, before any heat map."""

from collections.abc import Mapping, Sequence

from transferpain.core.synthetic_faces import shown_faces
from transferpain.evaluation.formatting import number, p_value, with_interval
from transferpain.experiments.leakage.checks import failed
from transferpain.experiments.matrix.cells import CellRecord
from transferpain.experiments.registration import Registered
from transferpain.reports.answer import IN_BRACKETS, Answer
from transferpain.reports.matrix.declared_tests import PairedTest, TestFamily
from transferpain.reports.matrix.facts import CellRun
from transferpain.reports.tables import TITLES

NOT_DONE = {"failed": "failed", "absent": "cannot be computed here", "open": "not computed yet"}


def answer(
    records: Sequence[CellRecord],
    runs: Mapping[str, CellRun],
    families: Sequence[TestFamily],
    metric: str,
    registered: Registered | None,
) -> Answer:
    """Return the answer of a matrix: how many cells are above chance, and what each declared family of tests found.

    Args:
        records: what became of each cell.
        runs: the finished ones, by their names.
        families: the paired tests, in the order of the page.
        metric: the declared one.
        registered: whether it was registered before; `None` where nothing was.
    """
    before = registered.sentence if registered else ""
    scored = {name: run for name, run in runs.items() if run.score(metric)["value"] is not None}
    done = f"{len(runs)} of {len(records)} cells {'is' if len(runs) == 1 else 'are'} done"
    unfinished = _unfinished(records)
    if not scored:
        return Answer(f"{done}, and none has a score.", before, cautions=unfinished)
    return Answer(
        f"{_above_chance(scored, metric)}; {done}, tested on {_subjects(scored.values())} ({_kind(scored.values())}).",
        before,
        tuple(_of_family(family, runs, metric) for family in families),
        (*unfinished, *_cautions(scored)),
        IN_BRACKETS.format("subjects"),
    )


def _above_chance(runs: Mapping[str, CellRun], metric: str) -> str:
    """Say in how many cells the interval of the metric lies above chance."""
    scores = {name: run.score(metric) for name, run in runs.items()}
    known = {name: run.chance(metric) for name, run in runs.items()}
    judged = [name for name in runs if scores[name]["low"] is not None and known[name] is not None]
    title = TITLES[metric]
    if not judged:
        reason = next((score["reason"] for score in scores.values() if score["reason"]), "")
        return (
            f"No {title.lower()} is shown to be above chance: no interval is given ({reason or 'chance is not known'})"
        )
    above = [name for name in judged if scores[name]["low"] > known[name]]
    ends = [number(value) for value in dict.fromkeys((min(known[n] for n in judged), max(known[n] for n in judged)))]
    return (
        f"{title} is above chance ({' to '.join(ends)}) by its 95 % interval in "
        f"{len(above) or 'none'} of {len(runs)} cells"
    )


def _subjects(runs: Sequence[CellRun]) -> str:
    counts = sorted({run.scores["all"]["subjects"] for run in runs if run.scores["has_subjects"]})
    if not counts:
        return "images that name no subjects"
    return f"{' to '.join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))} subjects each"


def _kind(runs: Sequence[CellRun]) -> str:
    drawn = [bool(run.facts["synthetic"]) for run in runs]
    faces = shown_faces(run.facts for run in runs)
    if all(drawn):
        return f"synthetic: {faces}"
    return f"synthetic, {faces}, in {sum(drawn)} of them" if any(drawn) else "not synthetic"


def _of_family(family: TestFamily, runs: Mapping[str, CellRun], metric: str) -> str:
    """Return what the tests of a family found, with the largest difference among those that a test has shown.

    Args:
        runs: the finished cells; a test that needs another one was not computed, and has not found that nothing is.
    """
    question = family.question[0].upper() + family.question[1:]
    if not family.family.size:
        return f"{question}: not tested. {family.family.reason}".rstrip()
    declared = [test for place, test in enumerate(family.tests) if str(place) in family.family.adjusted]
    missing = [test for test in declared if not _is_done(test, runs)]
    if len(missing) == family.family.size:
        needs = "its declared test needs" if len(missing) == 1 else f"each of its {len(missing)} declared tests needs"
        return f"{question}: not tested yet, as {needs} a cell that is not done."
    found = {word: [test for test in family.tests if test.verdict == word] for word in ("higher", "lower")}
    said = f"{question}: of {family.family.size} declared tests "
    said += ", ".join(f"{len(tests) or 'none'} {word}" for word, tests in found.items())
    if missing:
        said += f", {len(missing)} not computed, as a cell is not done"
    shown = [*found["higher"], *found["lower"]]
    if not shown:
        return f"{said}. No difference is shown."
    largest = max(shown, key=lambda test: abs(test.difference.value))
    return f"{said}. The largest that is shown: {_of_test(largest, runs, metric)}."


def _of_test(test: PairedTest, runs: Mapping[str, CellRun], metric: str) -> str:
    score, gap = runs[test.pair.a.name].score(metric), test.difference
    shown = p_value(test.adjusted)
    return (
        f"{test.pair.a.name} scores {with_interval(score['value'], score['low'], score['high'])}, "
        f"{with_interval(gap.value, gap.low, gap.high, signed=True)} against the other side "
        f"(p {shown if shown.startswith('<') else f'= {shown}'} after Holm)"
    )


def _is_done(test: PairedTest, runs: Mapping[str, CellRun]) -> bool:
    return all(one is None or one.name in runs for one in (test.pair.a, test.pair.b))


def _unfinished(records: Sequence[CellRecord]) -> tuple[str, ...]:
    """Return the sentence on cells that are not done, with their numbers; nothing where all are."""
    counts = {state: sum(record.state == state for record in records) for state in NOT_DONE}
    said = [f"{number} {NOT_DONE[state]}" for state, number in counts.items() if number]
    if not said:
        return ()
    said = f"The matrix is not finished: of {len(records)} cells {', '.join(said)}."
    return (f"{said} A declared test that needs one of them counts as p = 1.",)


def _cautions(runs: Mapping[str, CellRun]) -> tuple[str, ...]:
    """Return what must be said beside the answer, in a sentence each."""
    leaking = sum(bool(failed(run.checks)) for run in runs.values())
    warnings = dict.fromkeys(warning for run in runs.values() for warning in run.facts.get("warnings", ()))
    have = "has" if leaking == 1 else "have"
    said = [f"{leaking} of {len(runs)} cells {have} a leakage check that fails."] if leaking else []
    return (*said, *warnings)
