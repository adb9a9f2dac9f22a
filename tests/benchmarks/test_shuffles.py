import numpy as np
import pytest

from benchmarks.shuffles import ERROR, _scores, _scores_dealt, judge, judge_together
from transferpain.core.errors import UserError

PEOPLE = np.repeat(np.arange(20), 6)
LABELS = np.tile([0, 1], 60)
SHUFFLES = 399


def noise(seed: int, columns: int = 3) -> np.ndarray:
    """Return columns that hang on the person, and on nothing else."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=(20, columns))[PEOPLE] + generator.normal(size=(120, columns))


@pytest.mark.parametrize("trees", [False, True])
def test_what_follows_the_label_is_told(trees):
    row = judge(noise(0) + LABELS[:, None], LABELS, PEOPLE, trees, SHUFFLES)
    assert row.score > row.high > 0.5 > row.low
    assert row.p == 2 / (1 + SHUFFLES)
    assert not row.at_chance


def test_a_bend_is_told_by_trees_alone():
    values = noise(0, 1) * 0.1 + np.tile([0, 1, 0, -1], 30)[:, None]
    assert judge(values, LABELS, PEOPLE, shuffles=SHUFFLES).at_chance
    assert not judge(values, LABELS, PEOPLE, True, SHUFFLES).at_chance


def test_what_is_told_the_wrong_way_is_no_chance_either():
    """The people of a fold lean one way, most of the others the other way."""
    fold = PEOPLE % 5
    upright = np.where(fold < 4, fold < 2, PEOPLE < 10)
    turned = np.where(upright, LABELS, 1 - LABELS)
    row = judge(turned[:, None], LABELS, PEOPLE, shuffles=SHUFFLES)
    assert row.score < row.low
    assert not row.at_chance


def test_what_does_not_vary_is_exactly_at_chance():
    for classes in (2, 3):
        row = judge(np.ones((120, 2)), np.arange(120) % classes, PEOPLE, shuffles=SHUFFLES)
        assert (row.score, row.low, row.high) == pytest.approx([1 / classes] * 3)
        assert row.p == 1


def test_dealt_features_are_scored_as_the_others_are():
    generator = np.random.default_rng(3)
    person = np.repeat(np.arange(15), generator.integers(2, 6, 15))
    values = generator.normal(size=(4, 15, 3))
    truth = (generator.normal(size=len(person)) + values[0, person, 0] > 0).astype(int)
    one_by_one = [_scores(deal[person], truth[None], person, trees=False)[0] for deal in values]
    np.testing.assert_allclose(_scores_dealt(values, truth, person), one_by_one, rtol=0, atol=1e-12)


def test_what_is_the_same_for_a_person_is_dealt_among_people():
    often = np.where(PEOPLE < 10, np.arange(120) % 6 > 0, np.arange(120) % 6 > 4).astype(int)
    who = np.random.default_rng(0).permutation(20)
    told = judge((PEOPLE < 10)[:, None], often, who[PEOPLE], shuffles=SHUFFLES)
    assert not told.at_chance
    assert judge(np.random.default_rng(1).normal(size=(20, 1))[PEOPLE], often, who[PEOPLE], shuffles=SHUFFLES).at_chance


@pytest.mark.parametrize(
    ("features", "labels", "people", "fault"),
    [
        (noise(0) + (PEOPLE % 2)[:, None], PEOPLE % 2, PEOPLE, "every order is the true one"),
        (
            np.where(PEOPLE < 10, 0, noise(0, 1).T).T,
            np.where(PEOPLE < 10, LABELS, 1),
            PEOPLE,
            "every order is the true",
        ),
        (np.full((120, 1), np.nan), LABELS, PEOPLE, "no finite numbers"),
        (noise(0)[:24], LABELS[:24], PEOPLE[:24], "4 people cannot be dealt to 5 folds"),
        (noise(0), np.where(PEOPLE == 3, 2, LABELS), PEOPLE, "a class that is not there to be learned"),
        (noise(0)[::6][PEOPLE], np.where(PEOPLE == 3, 2, LABELS), PEOPLE, "a class that is not there to be learned"),
        (noise(0), np.zeros(120), PEOPLE, "a class that is not there to be learned"),
    ],
)
def test_what_cannot_be_judged_is_not_said_to_tell_nothing(features, labels, people, fault):
    with pytest.raises(UserError, match=fault):
        judge(features, labels, people, shuffles=SHUFFLES)


def test_a_row_for_each_person_is_dealt_among_people():
    values = np.random.default_rng(0).normal(size=(120, 2))
    assert judge(values, LABELS, np.arange(120), shuffles=SHUFFLES).at_chance
    assert not judge(values + LABELS[:, None], LABELS, np.arange(120), shuffles=SHUFFLES).at_chance


@pytest.mark.slow
def test_unequal_people_some_of_one_class_are_said_to_tell_as_often_as_p_says():
    """At .05, 60 tables miss 3 times; 10 or more would be found once in a thousand."""
    missed = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        persons = np.repeat(np.arange(12), [6, 6, *generator.integers(1, 9, 10)])
        often = np.array([0.5, 0.5, *generator.choice([0, 0.3, 0.7, 1], 10)])[persons]
        labels = (generator.random(len(persons)) < often).astype(int)
        labels[:12] = np.tile([0, 1], 6)
        values = (often[:, None] + generator.normal(size=(len(persons), 2))).round(1)
        missed += judge(values, labels, persons, shuffles=99).p <= ERROR
    assert missed < 10


@pytest.mark.slow
def test_nothing_is_said_to_be_told_as_often_as_p_says():
    """At .05, 300 tables miss 15 times; 28 or more would be found once in a thousand."""
    people, shuffles = 12, 199
    missed = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        persons = np.repeat(np.arange(people), 4)
        values = generator.normal(size=(people, 3))[persons] + generator.normal(size=(4 * people, 3))
        labels = np.concatenate([generator.permutation([0, 0, 1, 1]) for _ in range(people)])
        missed += judge(values, labels, persons, shuffles=shuffles).p <= ERROR
    assert 3 <= missed <= 27


def test_rows_are_corrected_together():
    rows = {str(seed): judge(noise(seed), LABELS, PEOPLE, shuffles=SHUFFLES) for seed in range(3)}
    rows["label"] = judge(LABELS[:, None], LABELS, PEOPLE, shuffles=SHUFFLES)
    told = judge_together(rows)
    assert [name for name, row in told.items() if not row.at_chance] == ["label"]
    assert told["label"].corrected == 4 * rows["label"].p
    assert all(told[name].corrected >= rows[name].p for name in rows)
    assert set(told["label"].facts()) == {"score", "low", "high", "p", "corrected"}
