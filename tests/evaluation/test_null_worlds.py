"""Simultaneous intervals over null worlds: how often they miss chance, and that they miss it where something leaks."""

import numpy as np
import pandas as pd
import pytest

from transferpain.evaluation.null_worlds import ALL_DRAWS, NullScore, judge_worlds
from transferpain.evaluation.permutation import permuted_scores

DRAWS = range(1, 6)


def world(random: np.random.Generator, leak: float = 0.0, subjects: int = 8, clips: int = 4) -> pd.DataFrame:
    """Return predictions of two classes, as many clips of each a subject; `leak` is the share that is told."""
    number = np.arange(subjects * clips)
    y_true = number % 2
    told = random.random(len(number)) < leak
    # People differ in what is said of them, so that the answers of one person hang together.
    said = random.random(len(number)) < np.repeat(random.beta(2, 2, subjects), clips)
    table = pd.DataFrame({"dataset": "d", "subject": number // clips, "clip": number, "y_true": y_true})
    table = table.assign(frame=-1, fold="f", seed=0, coverage=1.0, y_pred=np.where(told, y_true, said).astype(int))
    return table.assign(p_0=1.0 - table["y_pred"], p_1=1.0 * table["y_pred"])


def family(random: np.random.Generator, cells: int, draws: int = 200, leak: float = 0.0) -> list[NullScore]:
    """Return the scores of cells in five worlds; of the first cell with a leak."""
    scores = []
    for cell in range(cells):
        for draw in DRAWS:
            predictions = world(random, leak if cell == 0 else 0.0)
            seed = int(random.integers(2**31))
            scores.append(NullScore(f"c{cell}", draw, *permuted_scores(predictions, draws=draws, seed=seed)))
    return scores


@pytest.mark.slow
def test_of_families_in_which_nothing_leaks_at_most_one_in_a_hundred_misses_chance():
    random = np.random.default_rng(0)
    families, cells, draws, clips = 1500, 6, 400, 24
    missed = 0
    for _ in range(families):
        # What a cell may reach at chance: shares of right answers on few clips, of two classes.
        reached = random.binomial(clips, 0.5, (cells * len(DRAWS), 1 + draws)) / clips
        scores = [
            NullScore(f"c{number // len(DRAWS)}", 1 + number % len(DRAWS), own[0], own[1:])
            for number, own in enumerate(reached)
        ]
        missed += not all(held.holds for held in judge_worlds(scores))
    # Three standard errors of a share of .01.
    assert missed / families < 0.01 + 3 * np.sqrt(0.01 * 0.99 / families)
    assert missed > 0  # intervals that never miss would be wider than they need to be


@pytest.mark.slow
def test_answers_that_hang_together_within_subjects_hold_chance():
    random = np.random.default_rng(1)
    missed = sum(not all(held.holds for held in judge_worlds(family(random, 2), error=0.05)) for _ in range(60))
    assert missed / 60 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


def test_a_cell_that_is_told_its_labels_misses_chance_and_is_the_only_one():
    held = judge_worlds(family(np.random.default_rng(2), 3, leak=0.9))
    assert {one.cell for one in held if not one.holds} == {"c0"}


def test_what_single_worlds_cannot_show_their_mean_does():
    held = judge_worlds(family(np.random.default_rng(3), 3, leak=0.5))
    missed = [(one.cell, one.draw) for one in held if not one.holds]
    assert ("c0", ALL_DRAWS) in missed
    assert len(missed) < 6


def test_answers_that_never_differ_hold_chance_exactly():
    predictions = world(np.random.default_rng(4)).assign(y_pred=0)
    (held,) = judge_worlds([NullScore("c", 1, *permuted_scores(predictions, draws=200))])
    assert (held.value, held.low, held.high, held.chance) == (0.5, 0.5, 0.5, 0.5)
    assert held.holds
    assert np.isnan(held.found_from)


def test_scores_from_so_high_on_miss_chance():
    permuted = np.random.default_rng(6).normal(0.5, 0.05, 2000)
    (found,) = {round(one.found_from, 9) for one in judge_worlds([NullScore("c", 1, 0.5, permuted)])}
    assert 0.6 < found < 0.7
    for score, holds in ((found - 0.001, True), (found + 0.001, False)):
        (held,) = judge_worlds([NullScore("c", 1, score, permuted)])
        assert held.holds == holds


def test_a_world_in_which_labels_cannot_be_dealt_anew_says_nothing():
    predictions = world(np.random.default_rng(5)).assign(y_true=lambda table: table["subject"] % 2)
    (held,) = judge_worlds([NullScore("c", 1, *permuted_scores(predictions, draws=200))])
    assert held.holds
    assert held.low == held.high == held.value


def test_without_scores_or_with_too_few_permutations_there_is_no_verdict():
    with pytest.raises(ValueError, match="no score"):
        judge_worlds([])
    with pytest.raises(ValueError, match="at least 100 permutations, received 20"):
        judge_worlds([NullScore("c", 1, 0.5, np.linspace(0.4, 0.6, 20))])
