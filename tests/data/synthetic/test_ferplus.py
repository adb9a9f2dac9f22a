from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.synthetic.ferplus import (
    EMOTIONS,
    VOTE_COLUMNS,
    draw_person,
    expression,
    plan_ferplus,
    vote_table,
    votes,
)
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import count_frames, write_twin


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("ferplus")
    counted = []
    write_twin("ferplus", out, TwinSettings(10, seed=2, clips=40), counted.append)
    assert sum(counted) == 400 == count_frames("ferplus", TwinSettings(10, seed=2, clips=40))
    return out / "ferplus"


def test_the_pixel_table_has_the_official_format(folder):
    assert (folder / "fer2013.csv").read_text().splitlines()[0] == "emotion,pixels,Usage"
    table = pd.read_csv(folder / "fer2013.csv")
    assert table["Usage"].tolist() == ["Training"] * 320 + ["PublicTest"] * 40 + ["PrivateTest"] * 40
    pixels = np.array([row.split(" ") for row in table["pixels"]], int)
    assert pixels.shape == (400, 48 * 48)
    assert pixels.min() >= 0
    assert pixels.max() <= 255
    assert table["emotion"].isin(range(7)).all()


def test_the_vote_table_has_the_official_format(folder):
    header = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    assert (folder / "fer2013new.csv").read_text().splitlines()[0] == header
    table = pd.read_csv(folder / "fer2013new.csv")
    assert (table[list(VOTE_COLUMNS)].sum(axis=1) == 10).all()
    assert table["Usage"].equals(pd.read_csv(folder / "fer2013.csv")["Usage"])


def test_blank_images_have_no_name_and_only_nf_votes(folder):
    pixels, table = pd.read_csv(folder / "fer2013.csv"), pd.read_csv(folder / "fer2013new.csv")
    unnamed = table["Image name"].isna()
    assert unnamed.any()
    assert (table.loc[unnamed, "NF"] == 10).all()
    assert set(pixels.loc[unnamed, "pixels"]) == {" ".join(["0"] * 2304)}
    # The numbers in the names fall behind the rows at each blank image.
    assert table["Image name"].dropna().tolist() == [f"fer{number:07d}.png" for number in range((~unnamed).sum())]


def test_some_images_are_there_twice_but_never_in_two_splits(folder):
    table = pd.read_csv(folder / "fer2013.csv")
    seen = table[table["pixels"].str.contains("[1-9]")].groupby("pixels")["Usage"].agg(["size", "nunique"])
    assert (seen["size"] > 1).any()
    assert (seen["nunique"] == 1).all()


def test_the_true_action_units_name_the_rows(folder):
    table = pd.read_parquet(folder / "true_action_units.parquet")
    pixels = pd.read_csv(folder / "fer2013.csv")["pixels"]
    rows = table["clip"].str.removeprefix("row").astype(int)
    assert pixels[rows].str.contains("[1-9]").all()
    assert 380 <= len(table) < 400


def test_no_person_is_in_two_splits():
    usages = defaultdict(set)
    for plan in plan_ferplus(TwinSettings(30)):
        usages[plan.person].add(plan.usage)
    assert all(len(found) == 1 for found in usages.values())


def test_a_null_twins_raters_agree_as_they_would_about_another_face():
    """The strength of what is shown says how many raters agree, but not in a null twin (1,000 rows: |r| < .1)."""

    def correlation(null):
        plans = [plan for plan in plan_ferplus(TwinSettings(50, null=null)) if plan.kind == "face"]
        return np.corrcoef([expression(plan)[1] for plan in plans], [votes(plan).max() for plan in plans])[0, 1]

    assert correlation(null=False) > 0.4
    assert abs(correlation(null=True)) < 0.1


def test_the_raters_mostly_agree_with_what_is_shown_unless_null():
    def agreement(null):
        plans = [plan for plan in plan_ferplus(TwinSettings(40, null=null)) if plan.kind == "face"]
        return np.mean([EMOTIONS.index(plan.shown) == votes(plan)[:8].argmax() for plan in plans])

    assert agreement(False) > 0.85
    # Two independent draws from the shares agree in the sum of their squares, .20.
    assert agreement(True) < 0.27


def test_drawn_images_and_votes_come_from_the_seed():
    one, two, other = ([plan for plan in plan_ferplus(TwinSettings(3, seed=seed, clips=6)) if plan.person == 0]
                       for seed in (1, 1, 2))  # fmt: skip
    np.testing.assert_array_equal(draw_person(one), draw_person(two))
    pd.testing.assert_frame_equal(vote_table(one), vote_table(two))
    assert (draw_person(one) != draw_person(other)).mean() > 0.5


def test_too_few_people_and_seconds_are_refused():
    with pytest.raises(UserError, match="Received: 2"):
        plan_ferplus(TwinSettings(2))
    with pytest.raises(UserError, match=r"seconds=1\.5"):
        plan_ferplus(TwinSettings(8, seconds=1.5))
