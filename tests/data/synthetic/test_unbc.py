import re
from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest

from benchmarks.shuffles import judge
from tests.data.synthetic.properties import classify
from transferpain.core.errors import UserError
from transferpain.data.datasets.check import check_dataset
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.unbc_facts import SEQUENCE_FRAMES, SUBJECTS
from transferpain.data.synthetic.camera import UNBC
from transferpain.data.synthetic.face import ACTION_UNITS, draw_face
from transferpain.data.synthetic.landmarks import landmarks
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.data.synthetic.unbc import (
    CODED,
    NO_PAIN_SUBJECT,
    TEST_SUBJECTS,
    code,
    facs_rows,
    is_unaffected,
    matlab_rows,
    plan_unbc,
    rate,
    score,
    sequences_of,
    subject_order,
)
from transferpain.data.synthetic.videos import draw_clip, seat_person

SMALL = TwinSettings(5, seed=1, clips=2, seconds=0.5)


def positive(plans) -> np.ndarray:
    return np.concatenate([score(code(plan)) for plan in plans]) > 0


# --- who and what ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subjects", range(5, 26))
def test_the_first_subjects_hold_the_test_subjects_in_proportion(subjects):
    chosen = subject_order()[:subjects]
    assert abs(len(set(chosen) & set(TEST_SUBJECTS)) - subjects / 5) < 1
    assert NO_PAIN_SUBJECT in chosen


def test_the_official_size():
    plans = plan_unbc(TwinSettings(25))
    assert {plan.clip: plan.frames for plan in plans} == SEQUENCE_FRAMES
    assert sorted({plan.person.name for plan in plans}) == sorted(SUBJECTS)
    assert {plan.speed for plan in plans} == {1.0}


@pytest.mark.parametrize("clips", [1, 2, 3, 100])
def test_few_sequences_show_both_arms(clips):
    for subject in SUBJECTS:
        names = [name for name in SEQUENCE_FRAMES if name.startswith(subject[4:])]
        chosen = sequences_of(subject, clips)
        assert set(chosen) <= set(names)
        assert len(chosen) == min(clips, len(names))
        arms = Counter(map(is_unaffected, chosen))
        assert arms[False] >= 1
        if clips > 1 and any(map(is_unaffected, names)):
            assert arms[True] >= 1


def test_more_than_25_subjects_are_refused():
    with pytest.raises(UserError, match="Received: 26"):
        plan_unbc(TwinSettings(26))


# --- pain comes and goes ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def official():
    return plan_unbc(TwinSettings(25))


def test_the_official_size_has_about_as_much_pain_as_the_official_data(official):
    assert 0.17 <= positive(official).mean() <= 0.30


@pytest.mark.parametrize("seed", range(3))
def test_a_small_twin_has_pain_on_the_affected_side(seed):
    plans = plan_unbc(TwinSettings(25, seed=seed, clips=4, seconds=1.0))
    assert 0.12 <= positive(plans).mean() <= 0.32
    hurt = positive([plan for plan in plans if not is_unaffected(plan.clip)]).mean()
    well = positive([plan for plan in plans if is_unaffected(plan.clip)]).mean()
    assert well < 0.10 < 0.2 < hurt


def test_one_subject_shows_no_pain_at_all(official):
    plans = [plan for plan in official if plan.person.name == NO_PAIN_SUBJECT]
    assert len(plans) == 9
    assert not positive(plans).any()
    units = np.concatenate([plan.performance(UNBC).action_units for plan in plans])
    assert units.max() > 3  # the person smiles and talks


def test_pain_comes_and_goes_within_a_sequence(official):
    changes = [np.abs(np.diff(score(code(plan)) > 0)).sum() for plan in official if not is_unaffected(plan.clip)]
    assert np.mean(np.array(changes) >= 2) > 0.3


def test_the_codes_are_the_drawn_action_units_rounded(official):
    plan = official[0]
    course = plan.performance(UNBC).action_units
    drawn = course[:, [ACTION_UNITS.index(f"AU{number}") for number in CODED]]
    codes = code(plan)
    assert np.abs(codes - drawn).max() <= 0.5 + 1e-6
    assert codes.max() <= 5
    assert codes[:, CODED.index(43)].max() <= 1


def test_the_score_is_the_formula():
    names = {number: place for place, number in enumerate(CODED)}
    codes = np.zeros((4, len(CODED)), np.int64)
    codes[1, [names[4], names[6], names[7], names[9], names[10], names[43]]] = 1, 2, 3, 1, 4, 1
    codes[2, [names[12], names[25], names[26]]] = 5, 5, 5
    codes[3] = 5
    codes[3, names[43]] = 1
    assert score(codes).tolist() == [0, 1 + 3 + 4 + 1, 0, 16]


def test_ratings_grow_with_the_peak_and_stay_in_their_scales(official):
    ranges = {"AFF": (1, 15), "OPR": (0, 5), "SEN": (1, 15), "VAS": (0, 10)}
    calm, strong = ([rate(plan, peak) for plan in official] for peak in (0, 14))
    for scale, (low, high) in ranges.items():
        values = [ratings[scale] for ratings in calm + strong]
        assert low <= min(values) <= max(values) <= high
        assert np.mean([r[scale] for r in calm]) < low + 2 < high - 2 < np.mean([r[scale] for r in strong])


def test_uneven_sequences_are_as_unequal_as_the_official_ones():
    even, uneven = (plan_unbc(TwinSettings(25, seed=3, seconds=1.0, uneven=one)) for one in (False, True))
    assert {plan.frames for plan in even} == {30}
    shares = {plan.clip: plan.frames / SEQUENCE_FRAMES[plan.clip] for plan in uneven}
    assert min(shares.values()) > 0.11
    assert max(shares.values()) < 0.14
    assert 25 < np.mean([plan.frames for plan in uneven]) < 35


# --- null ------------------------------------------------------------------------------------------------------------


def test_a_null_twin_codes_another_course_than_it_draws():
    settings = TwinSettings(25, seed=3, null=True, clips=4, seconds=1.0)
    plans = plan_unbc(settings)
    drawn = [plan.performance(UNBC).action_units[:, 1] for plan in plans]
    coded = [code(plan)[:, 0] for plan in plans]
    assert abs(np.corrcoef(np.concatenate(drawn), np.concatenate(coded))[0, 1]) < 0.15
    honest = plan_unbc(TwinSettings(25, seed=3, clips=4, seconds=1.0))
    drawn = [plan.performance(UNBC).action_units[:, 1] for plan in honest]
    coded = [code(plan)[:, 0] for plan in honest]
    assert np.corrcoef(np.concatenate(drawn), np.concatenate(coded))[0, 1] > 0.9


def test_the_drawn_pain_of_a_null_twin_knows_no_arm():
    plans = plan_unbc(TwinSettings(25, seed=3, null=True))
    strong = {arm: np.mean([plan.stimuli[0].strength > 0.05 for plan in plans if is_unaffected(plan.clip) == arm])
              for arm in (False, True)}  # fmt: skip
    assert all(0.35 < share < 0.7 for share in strong.values())
    assert not positive([plan for plan in plans if plan.person.name == NO_PAIN_SUBJECT]).any()


def test_a_null_twin_deals_the_same_movements_anew():
    real, null = (plan_unbc(TwinSettings(25, seed=3, null=null)) for null in (False, True))

    def facts(plans):
        # All movements of an arm that hurts are alike.
        hurt = Counter(p.person.name for p in plans if 0 < p.stimuli[0].strength == p.stimuli[1].strength != 0.3)
        calm = {p.person.name for p in plans if not p.person.temperament.expressiveness}
        return hurt, calm

    (hurt, calm), (dealt, calm_too) = facts(real), facts(null)
    assert hurt == dealt
    assert len(calm) == len(calm_too) == 1
    assert [plan.frames for plan in real] == [plan.frames for plan in null]
    sequence = {p.clip for p in real if p.stimuli[0].strength == p.stimuli[1].strength}
    assert sequence != {p.clip for p in null if p.stimuli[0].strength == p.stimuli[1].strength}


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    out = tmp_path_factory.mktemp("twin")
    write_twin("unbc", out, SMALL, lambda frames: None)
    return out


def test_the_reader_finds_nothing_amiss(twin):
    index = read_index("unbc", twin)
    plans = plan_unbc(SMALL)
    assert index.problems == ()
    assert index.synthetic
    assert index.clips["clip"].tolist() == [plan.clip for plan in plans]
    assert index.clips["num_frames"].tolist() == [15] * 10
    np.testing.assert_array_equal(index.frames["pspi"], np.concatenate([score(code(plan)) for plan in plans]))
    codes = np.concatenate([code(plan) for plan in plans])
    np.testing.assert_array_equal(index.frames[[f"au{number}" for number in CODED]], codes)
    assert index.frames["has_landmarks"].all()
    for plan, row in zip(plans, index.clips.itertuples(), strict=True):
        ratings = rate(plan, int(row.pspi))
        assert {"AFF": row.aff, "OPR": row.opr, "SEN": row.sen, "VAS": row.vas} == ratings


def test_every_picture_can_be_decoded(twin):
    report = check_dataset("unbc", twin, deep=True)
    assert report.warnings == ()
    rows = {row.what: row.found for row in report.rows}
    assert (rows["subjects"], rows["sequences"], rows["frames"]) == (5, 10, 150)
    assert (rows["frames without PSPI"], rows["frames without FACS"], rows["frames without landmarks"]) == (0, 0, 0)


def test_files_are_named_and_written_as_the_official_ones(twin):
    top = twin / "unbc"
    assert sorted(path.name for path in top.iterdir()) == [
        "AAM_landmarks", "Frame_Labels", "Images", "SYNTHETIC.json", "Sequence_Labels", "true_action_units.parquet",
    ]  # fmt: skip
    picture = top / "Images" / "042-ll042" / "ll042t1aaaff" / "ll042t1aaaff001.png"
    assert cv2.imread(str(picture)).shape == (240, 320, 3)
    number = r"(   \d\.\d{7}e[+-]\d\d)"
    for part, pattern in {"Frame_Labels/PSPI": number, "Frame_Labels/FACS": number * 4, "AAM_landmarks": number * 2,
                          "Sequence_Labels": number}.items():  # fmt: skip
        files = list((top / part).rglob("*.txt"))
        assert len(files) == (40 if part == "Sequence_Labels" else 150)
        assert all(re.fullmatch(f"({pattern}\n)*", path.read_text()) for path in files)
    assert all(len(path.read_text().splitlines()) == 66 for path in (top / "AAM_landmarks").rglob("*_aam.txt"))
    facs = [path.read_text() for path in (top / "Frame_Labels" / "FACS").rglob("*_facs.txt")]
    assert "" in facs
    assert any(facs)


def test_the_landmarks_stand_on_the_face(twin):
    files = sorted((twin / "unbc" / "AAM_landmarks" / "042-ll042" / "ll042t1aaaff").iterdir())
    assert [file.name for file in files] == [f"ll042t1aaaff{number:03d}_aam.txt" for number in range(1, 16)]
    for rows in map(np.loadtxt, files):
        assert rows.shape == (66, 2)
        assert (rows > 20).all()
        assert (rows < (300, 230)).all()


def test_numbers_are_written_as_matlab_does():
    assert (
        matlab_rows([[0, 12.5], [-0.001, 3]]) == "   0.0000000e+00   1.2500000e+01\n  -1.0000000e-03   3.0000000e+00\n"
    )
    codes = np.zeros(len(CODED), np.int64)
    assert facs_rows(codes) == ""
    codes[[0, -1]] = 3, 1
    assert facs_rows(codes) == (
        "   4.0000000e+00   3.0000000e+00   0.0000000e+00   0.0000000e+00\n"
        "   4.3000000e+01   1.0000000e+00   0.0000000e+00   0.0000000e+00\n"
    )


def test_the_true_intensities_stand_beside_the_labels(twin):
    truth = pd.read_parquet(twin / "unbc" / "true_action_units.parquet")
    frames = read_index("unbc", twin).frames
    assert truth["clip"].tolist() == frames["clip"].tolist()
    assert (truth["frame"] + 1).tolist() == frames["frame"].tolist()
    assert np.abs(truth["AU4"] - frames["au4"].astype(float)).max() <= 0.5 + 1e-6


# --- what gives the label away ---------------------------------------------------------------------------------------


def frames_of(settings: TwinSettings, every: int = 3):
    """Return plan and frame number, PSPI, and subject of every third frame of a twin's sequences."""
    plans = [plan for plan in plan_unbc(settings) if plan.person.name != NO_PAIN_SUBJECT]
    rows = [(plan, number, scored) for plan in plans
            for number, scored in list(enumerate(score(code(plan))))[::every]]  # fmt: skip
    return [row[:2] for row in rows], np.array([row[2] for row in rows]), [row[0].person.name for row in rows]


def test_pain_changes_neither_the_head_nor_the_brightness():
    strong = sorted(plan_unbc(TwinSettings(25, clips=4, seconds=0.5)), key=lambda plan: -score(code(plan)).max())[:8]
    for plan in strong:
        calm = replace(plan, stimuli=())
        felt, rest = plan.performance(UNBC), calm.performance(UNBC)
        np.testing.assert_array_equal(felt.head, rest.head)
        np.testing.assert_array_equal(felt.exposure, rest.exposure)
        sitter, worst = seat_person(UNBC, plan), int(score(code(plan)).argmax())
        hurt, well = (list(draw_clip(UNBC, sitter, drawn))[worst] for drawn in (plan, calm))
        assert (np.abs(hurt.astype(int) - well) > 25).sum() > 100
        assert hurt.mean() == pytest.approx(well.mean(), rel=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("forest", [False, True])
def test_true_intensities_tell_pain_unless_the_twin_is_null(forest):
    for null in (False, True):
        # Frames of the same sequence are alike, and so are their labels: of a null twin each has one.
        settings = TwinSettings(25, seed=2, null=null, clips=4, seconds=1.0)
        frames, scores, people = frames_of(settings, every=30 if null else 3)
        truth = [plan.performance(UNBC).action_units[number] for plan, number in frames]
        if null:
            assert judge(truth, scores > 0, people, trees=forest).at_chance
        else:
            assert classify(truth, scores > 0, people, forest)[0] > 0.9


@pytest.mark.slow
def test_the_pictures_show_pain_on_new_subjects():
    hog = cv2.HOGDescriptor((96, 96), (24, 24), (12, 12), (12, 12), 9)
    frames, scores, people = frames_of(TwinSettings(25, seed=2, clips=4, seconds=1.0), every=6)
    chosen = [place for place, value in enumerate(scores) if value != 1]
    features, sitters = [], {}
    for place in chosen:
        plan, number = frames[place]
        units, pose = plan.performance(UNBC).frame(number)
        sitter = sitters.setdefault(plan.person.name, seat_person(UNBC, plan))
        picture = draw_face(sitter, units, pose)
        points = landmarks(sitter, units, pose)
        left, top = (points[36:48].mean(0) - (1.25 * sitter.zoom, 0.85 * sitter.zoom)).round().astype(int)
        side = round(2.5 * sitter.zoom)
        features.append(hog.compute(cv2.resize(picture[top : top + side, left : left + side], (96, 96))).ravel())
    accuracy, low = classify(features, scores[chosen] > 1, [people[place] for place in chosen])
    assert accuracy >= 0.68
    assert low > 0.6
