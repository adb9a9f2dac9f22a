"""How often a null check fails though nothing leaks, and how often it finds the one cell that is told its labels.

A family is what a null check judges: cells in five worlds. A person leans to an answer, and cells share what makes a
clip look like pain, as heads on the same features do. Labels dealt anew are drawn from their exact distribution.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import binomtest, hypergeom

from benchmarks.measure import Figure, main
from transferpain.evaluation.null_worlds import ERROR, NullScore, judge_worlds
from transferpain.experiments.null_worlds import DRAWS

PERMUTATIONS = 1000
FAMILIES, TOLD_FAMILIES = 15_000, 300
MOST_UPPER = 0.012  # upper end of the exact 95 % interval of the family error
LEANING = 0.7  # standard deviation of how a person leans to an answer, against clips of 1


@dataclass(frozen=True)
class Family:
    """What is judged together.

    Attributes:
        cells: in each world.
        subjects, clips: people of a world, and clips of each of the two classes of a person.
        shared: share of a clip's variance that all cells see.
        told: share of the clips whose label the first cell is told.
    """

    cells: int
    subjects: int
    clips: int
    shared: float = 0.0
    told: float = 0.0


FAMILIES_OF = {
    "6 cells of 12 subjects, independent": Family(6, 12, 1),
    "6 cells of 12 subjects, nearly alike": Family(6, 12, 1, shared=0.9),
    "16 cells of 8 subjects with 4 clips, alike in half": Family(16, 8, 2, shared=0.5),
}
TOLD = (0.3, 0.5, 0.7)


def draw_scores(family: Family, random: np.random.Generator) -> list[NullScore]:
    """Draw the scores of a family, and what each reaches with labels dealt anew."""
    people = (DRAWS, family.subjects, 2 * family.clips)
    pain = np.arange(2 * family.clips) % 2 == 1
    leaning = random.normal(0, LEANING, (*people[:2], 1))
    seen = np.sqrt(family.shared) * random.normal(size=people) + leaning
    own = np.sqrt(1 - family.shared) * random.normal(size=(family.cells, *people))
    answers = seen + own > 0
    told = random.random(people) < family.told
    answers[0] = np.where(told, pain, answers[0])
    said, hits = answers.sum(axis=-1), answers[..., pain].sum(axis=-1)  # of each person
    said, hits = (values.reshape(-1, family.subjects) for values in (said, hits))
    dealt = deal_hits(said, family.clips, random)
    each, total = family.subjects * family.clips, said.sum(axis=1, keepdims=True)
    observed = 0.5 + (2 * hits.sum(axis=1, keepdims=True) - total) / (2 * each)
    permuted = 0.5 + (2 * dealt - total) / (2 * each)
    return [
        NullScore(f"c{number // DRAWS}", 1 + number % DRAWS, float(observed[number, 0]), permuted[number])
        for number in range(len(said))
    ]


def deal_hits(said: np.ndarray, clips: int, random: np.random.Generator) -> np.ndarray:
    """Draw how many of the answers "pain" fall on pain when labels are dealt anew within each person.

    Args:
        said: int64 `(scores, people)`, how many of a person's clips are called pain.
        clips: of each class and person.

    Returns:
        int64 `(scores, PERMUTATIONS)`, summed over the people.
    """
    length = said.shape[1] * clips + 1
    chances = hypergeom.pmf(np.arange(length), 2 * clips, np.arange(2 * clips + 1)[:, None], clips)
    spectra = np.fft.rfft(chances, axis=1)  # of a sum the spectrum is the product
    of_sum = np.fft.irfft(spectra[said].prod(axis=1), n=length, axis=1).clip(0)
    heaped = np.cumsum(of_sum, axis=1)
    heaped /= heaped[:, -1:]
    # One search for all scores: each has its own stretch from one whole number to the next.
    places = np.arange(len(said))[:, np.newaxis]
    drawn = places + random.random((len(said), PERMUTATIONS))
    return np.searchsorted((places + heaped).ravel(), drawn, side="right") - places * length


def share_missed(family: Family, families: int) -> tuple[float, float]:
    """Return in what share of families chance is missed (of the first cell where it is told), and its upper end.

    The upper end is that of the exact 95 % interval (Clopper & Pearson).
    """
    random = np.random.default_rng([family.cells, family.subjects, families])
    missed = 0
    for _ in range(families):
        held = judge_worlds(draw_scores(family, random))
        missed += any(not one.holds for one in held if not family.told or one.cell == "c0")
    return missed / families, float(binomtest(missed, families).proportion_ci().high)


def measure(folder: Path, quick: bool) -> dict:
    """Count the families in which chance is missed: where nothing leaks, and where one cell is told some labels."""
    families, told_families = (100, 5) if quick else (FAMILIES, TOLD_FAMILIES)
    figures, results = [], {}
    for name, family in FAMILIES_OF.items():
        error, upper = share_missed(family, families)
        figures.append(Figure(f"{name}: families in which all hold chance", 1 - error, least=1 - ERROR))
        figures.append(
            Figure(f"{name}: lower end of its 95 % interval", 1 - upper, least=0 if quick else 1 - MOST_UPPER)
        )
        found = {str(told): share_missed(replace(family, told=told), told_families)[0] for told in TOLD}
        figures += [
            Figure(f"{name}: found where {float(told):.0%} of one cell's labels are told", share)
            for told, share in found.items()
        ]
        results[name] = asdict(family) | {"families": families, "error": error, "upper": upper, "found": found}
    return {"figures": figures, "families": results, "permutations": PERMUTATIONS, "worlds": DRAWS}


if __name__ == "__main__":
    main("null_worlds", measure)
