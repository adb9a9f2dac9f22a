"""The tests of a matrix: which cells are compared, in which declared family, on the declared metric."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.evaluation.comparisons import (
    ALPHA,
    Family,
    McNemarTest,
    WilcoxonTest,
    holm,
    mcnemar_test,
    subject_scores,
    wilcoxon_test,
)
from transferpain.evaluation.effect_sizes import Effect, median_difference, rank_biserial
from transferpain.evaluation.feasible import feasible, too_few
from transferpain.evaluation.paired_permutation import SwapTest, swap_test
from transferpain.evaluation.predictions import CLIP
from transferpain.evaluation.resampling import Interval
from transferpain.evaluation.statistics import paired_difference
from transferpain.experiments.matrix.cells import CellRecord
from transferpain.experiments.matrix.settings import Matrix
from transferpain.models.sources.origin import UNTRAINED
from transferpain.reports.matrix.facts import CellRun

PRIOR_DRAWS = "draws from the training shares"
NO_SUBJECTS = "The data name no subjects: the interval is over images, and there is no test over subjects."


@dataclass(frozen=True)
class Pair:
    """Two cells that are declared to be compared, `a` minus `b`; `b` is None for draws from the training shares."""

    a: CellRecord
    b: CellRecord | None


@dataclass(frozen=True)
class PairedTest:
    """What the comparison of a pair gave; None where it was refused, and `reason` says why.

    Attributes:
        difference: `a` minus `b` on the declared metric, with its interval over subjects.
        swap: the primary test, of the pooled metric with the cells swapped within subjects.
        wilcoxon: the secondary one, of the scores of subjects with every class; not corrected.
        rank_biserial: its effect size; None where it has no p.
        adjusted: the primary p after Holm's correction over the family; None where the test is not of the family.
        subjects: how many are tested, 0 where the data name none; None where that is not known yet.
    """

    pair: Pair
    difference: Interval | None = None
    swap: SwapTest | None = None
    wilcoxon: WilcoxonTest | None = None
    rank_biserial: Effect | None = None
    median: Effect | None = None
    mcnemar: McNemarTest | None = None
    adjusted: float | None = None
    clips: int = 0
    subjects: int | None = None
    reason: str = ""

    @property
    def verdict(self) -> str:
        """`higher` or `lower` where the corrected p is below .05, in the direction of the difference; else empty."""
        if self.adjusted is None or self.adjusted >= ALPHA:
            return ""
        return "higher" if self.swap.difference > 0 else "lower"


@dataclass(frozen=True)
class TestFamily:
    """A declared family of comparisons, corrected together; `question` says what they ask."""

    __test__ = False

    question: str
    family: Family
    tests: tuple[PairedTest, ...]


def source_pairs(matrix: Matrix, records: Sequence[CellRecord]) -> tuple[str, list[Pair]]:
    """Declare the comparisons of the transfer grid: each source against the untrained one, with one head and target.

    Of several untrained sources the one with the same backbone counts. Without any, each cell is compared with draws
    from the training shares. Adapted cells are compared elsewhere.

    Returns:
        What is asked, and the pairs.
    """
    cells = [record for record in records if record.kind == "transfer" and not record.adaptation]
    untrained = untrained_sources(matrix)
    if not untrained:
        return f"each transfer cell against {PRIOR_DRAWS}", [Pair(record, None) for record in cells]
    by_axes = {(record.source, *_without_source(record)): record for record in cells}
    pairs = []
    for record in cells:
        baseline = by_axes.get((untrained.get(record.source, ""), *_without_source(record)))
        if record.source not in untrained.values() and baseline is not None:
            pairs.append(Pair(record, baseline))
    names = ", ".join(dict.fromkeys(untrained.values()))
    return f"each source against {names}, with the same head and target", pairs


def untrained_sources(matrix: Matrix) -> dict[str, str]:
    """Return for each source of the transfer grids the untrained one that it is compared with; empty without any."""
    sources = {name: changes for grid in matrix.transfer for name, changes in grid.sources.items()}
    untrained = [name for name, changes in sources.items() if name == "untrained" or changes.get("source") in UNTRAINED]
    if not untrained:
        return {}

    def partner(changes: dict) -> str:
        alike = [name for name in untrained if sources[name].get("backbone") == changes.get("backbone")]
        return (alike or untrained)[0]

    return {name: partner(changes) for name, changes in sources.items()} | {name: name for name in untrained}


def crossed_pairs(records: Sequence[CellRecord]) -> list[Pair]:
    """Declare the comparisons of each cross-dataset cell with draws from the training shares."""
    return [Pair(record, None) for record in records if record.kind == "cross_dataset" and not record.adaptation]


def gap_pairs(records: Sequence[CellRecord]) -> list[Pair]:
    """Declare the generalisation gaps: trained on the target's own dataset minus trained on another."""
    cells = [record for record in records if record.kind == "cross_dataset" and not record.adaptation]
    within = {_without_source(record): record for record in cells if record.trained_on == record.tested_on}
    return [
        Pair(within[_without_source(record)], record)
        for record in cells
        if record.trained_on != record.tested_on and _without_source(record) in within
    ]


def adapted_pairs(records: Sequence[CellRecord]) -> list[Pair]:
    """Declare the comparisons of each adapted cell with the same cell without adaptation.

    That is the cell of the same source and target whose head's name begins the adapted one's, the longest of several;
    or else the only one that agrees in task, strategy and selection rule.
    """
    pairs = []
    for record in records:
        if not record.adaptation:
            continue
        alike = [
            other
            for other in records
            if not other.adaptation
            and (other.kind, other.source, other.trained_on, other.tested_on, other.selection, other.task)
            == (record.kind, record.source, record.trained_on, record.tested_on, record.selection, record.task)
        ]
        named = [other for other in alike if record.head.startswith(other.head)]
        matching = [other for other in alike if other.strategy == record.strategy]
        if named:
            pairs.append(Pair(record, max(named, key=lambda other: len(other.head))))
        elif len(matching) == 1:
            pairs.append(Pair(record, matching[0]))
    return pairs


def run_family(question: str, pairs: Iterable[Pair], runs: Mapping[str, CellRun], metric: str) -> TestFamily:
    """Compare the pairs of a declared family, and correct the p-values of their primary tests by Holm's method.

    The family holds the tests that numbers of subjects alone show to be feasible. A feasible pair of which a cell is
    failed or absent was declared too: it counts as a test that could not be computed.
    """
    return correct(question, [compare(pair, runs, metric) for pair in pairs])


def correct(question: str, tests: Sequence[PairedTest]) -> TestFamily:
    """Correct the p-values of comparisons that were declared together, as far as their subjects can support them."""
    known = {test.pair.a.tested_on: test.subjects for test in tests if test.subjects is not None}
    # A cell that is not done will be tested on the subjects that its neighbours were tested on.
    subjects = {
        str(place): known.get(test.pair.a.tested_on) if test.subjects is None else test.subjects
        for place, test in enumerate(tests)
    }
    able = feasible(subjects)
    p_values = {place: tests[int(place)].swap.p if tests[int(place)].swap else None for place in sorted(able, key=int)}
    family = holm(question, p_values)
    left_out = len(tests) - family.size
    if left_out:
        said = f"{left_out} of {len(tests)} comparisons have too few subjects for any outcome to count, and no test."
        family = replace(family, reason=" ".join(filter(None, [said, family.reason if family.size else ""])))
    corrected = []
    for place, test in enumerate(tests):
        if str(place) in able:
            corrected.append(replace(test, adjusted=family.adjusted[str(place)]))
        else:
            said = (
                test.reason if not subjects[str(place)] else f"{test.reason} {too_few(subjects[str(place)])}.".strip()
            )
            corrected.append(replace(test, reason=said))
    return TestFamily(question, family, tuple(corrected))


def compare(pair: Pair, runs: Mapping[str, CellRun], metric: str) -> PairedTest:
    """Compare two cells on the clips that they were tested on.

    Adaptation may take clips out of the test; such a pair is compared on the clips that both were tested on.
    """
    for record in filter(None, (pair.a, pair.b)):
        if record.name not in runs:
            said = "failed" if record.state == "failed" else f"is {record.state}"
            return PairedTest(pair, reason=f"The cell {record.name} {said}.")
    first = runs[pair.a.name]
    if not first.scores["all"]:
        return PairedTest(pair, reason="No clip has a label.")
    second = first.prior_draws if pair.b is None else runs[pair.b.name].predictions
    if second is None:
        return PairedTest(pair, reason="The run does not state the training shares.")
    reasons = []
    a = first.predictions
    if pair.a.adaptation:
        a, second, left_out = _shared_clips(a, second)
        reasons += [f"{left_out} clips are left out, which only one of them was tested on."] if left_out else []
    try:
        difference = paired_difference(a, second, metric)
        swap = swap_test(a, second, metric)
        scores = subject_scores([a, second], metric)
        mcnemar = mcnemar_test(a, second) if pair.b is not None else None
    except UserError as error:
        return PairedTest(pair, reason=" ".join(str(error).splitlines()))
    test = PairedTest(pair, difference, mcnemar=mcnemar, clips=len(a.drop_duplicates(CLIP)))
    if not first.scores["has_subjects"] or swap is None:
        return replace(test, subjects=0, reason=" ".join([*reasons, NO_SUBJECTS]))
    test = replace(test, swap=swap, subjects=swap.subjects)
    sides = scores[0].to_numpy(), scores[1].to_numpy()
    wilcoxon = wilcoxon_test(*sides)
    if difference.reason:
        reasons.append(f"No interval: {difference.reason}.")
    if len(scores) < swap.subjects:
        reasons.append(f"Wilcoxon's test is of the {len(scores)} of {swap.subjects} subjects who have every class.")
    # Of two or three subjects that differ, the ranks' correlation is 1 as soon as they agree.
    ranks = rank_biserial(*sides) if wilcoxon.p is not None else None
    reason = " ".join(filter(None, [*reasons, swap.reason, wilcoxon.reason]))
    return replace(test, wilcoxon=wilcoxon, rank_biserial=ranks, median=median_difference(*sides), reason=reason)


def comparisons_table(families: Sequence[TestFamily], metric: str) -> pd.DataFrame:
    """Return one row per comparison, as numbers: the pair, difference, test, effect sizes, and why any is missing."""
    rows = []
    for family in families:
        for test in family.tests:
            cell = test.pair.a
            row = {"family": family.question, "family_size": family.family.size, "kind": cell.kind}
            row |= {"selection": cell.selection, "tested_on": cell.tested_on, "head": cell.head, "cell": cell.name}
            row |= {"minus": test.pair.b.name if test.pair.b else PRIOR_DRAWS, "metric": metric}
            rows.append(row | _numbers(test) | {"verdict": test.verdict, "clips": test.clips, "reason": test.reason})
    return pd.DataFrame(rows)


def _numbers(test: PairedTest) -> dict[str, float | int | None]:
    difference, median, ranks, mcnemar = test.difference, test.median, test.wilcoxon, test.mcnemar
    swap = test.swap
    return {
        "difference": difference.value if difference else None,
        "difference_low": difference.low if difference else None,
        "difference_high": difference.high if difference else None,
        "difference_reason": difference.reason if difference else None,
        "kept": difference.kept if difference else None,
        "p": swap.p if swap else None,
        "adjusted_p": test.adjusted,
        "method": swap.method if swap else None,
        "subjects": test.subjects,
        "differing": swap.differing if swap else None,
        "smallest_p": swap.smallest_p if swap else None,
        "wilcoxon_p": ranks.p if ranks else None,
        "wilcoxon_subjects": ranks.subjects if ranks else None,
        "rank_biserial": test.rank_biserial.value if test.rank_biserial else None,
        "median_difference": median.value if median else None,
        "median_difference_low": median.low if median else None,
        "median_difference_high": median.high if median else None,
        "mcnemar_p": mcnemar.p if mcnemar else None,
        "only_first_right": mcnemar.only_a if mcnemar else None,
        "only_second_right": mcnemar.only_b if mcnemar else None,
    }


def _without_source(record: CellRecord) -> tuple[str, str]:
    return record.tested_on, record.head


def _shared_clips(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return both runs on the clips that they share, and how many clips that leaves out."""
    clips = [pd.MultiIndex.from_frame(table[CLIP].astype(str)) for table in (a, b)]
    left_out = len(clips[0].unique().symmetric_difference(clips[1].unique()))
    return a[clips[0].isin(clips[1])], b[clips[1].isin(clips[0])], left_out
