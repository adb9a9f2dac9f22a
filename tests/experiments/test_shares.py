"""What several experiments need is one work, dealt out among machines, and stands before what waits for it."""

import pytest

from tests.command_line import EXPERIMENTS
from tests.small_study import tiny, write_small_study
from transferpain.data.places import Places
from transferpain.experiments.executors.order import ways
from transferpain.experiments.schema import load_experiment
from transferpain.experiments.shares import LEAST_SECONDS, Sharing, clips_of, source_name, source_works
from transferpain.inputs.faces.measure import measure_shards, nominal_shards
from transferpain.inputs.faces.shards import SHARDS
from transferpain.inputs.faces.stage import compute_faces, faces_measurement

CLIPS = 9  # of the twin that the task labels


@pytest.fixture
def places(small_twin, tmp_path):
    return Places(small_twin, tmp_path)


def head(name: str, **changes: object):
    return tiny(EXPERIMENTS, name=name, **{"window": {"seconds": 0.5}} | changes)


def shards_of(works) -> list[int]:
    return [shard for work in works for shard in work.shards]


def test_two_heads_on_one_source_share_its_faces_and_features(places):
    heads = [head(f"head-{number}", training={"epochs": number}) for number in (1, 2)]
    works = Sharing(EXPERIMENTS, places, machines=2, least=0.01).works(heads)
    by = {does: [work for work in works if work.does == does] for does in ("faces", "features", "run")}
    assert [work.name for work in by["run"]] == ["head-1", "head-2"]
    for does in ("faces", "features"):
        assert 1 < len(by[does]) <= 4
        shards = shards_of(by[does])
        assert len(shards) == len(set(shards)) <= CLIPS
        assert set(shards) <= set(range(SHARDS))
    faces, features = ({work.name for work in by[does]} for does in ("faces", "features"))
    assert all(set(work.after) == faces for work in by["features"])
    assert all(set(work.after) == faces | features for work in by["run"])
    assert len(ways(works)) == len(works)


def test_other_features_are_other_shares_of_the_same_faces(places):
    frames = [head(f"frames-{number}", features={"frames": number, "fps": None}) for number in (2, 3)]
    works = Sharing(EXPERIMENTS, places, machines=2, least=0.01).works(frames)
    assert len({work.after for work in works if work.does == "features"}) == 1
    assert len({work.after for work in works if work.does == "run"}) == 2


@pytest.mark.parametrize(
    "others",
    [[{"faces": {"margin": 0.1}}, {"faces": {"margin": 0.3}}], [{"window": {"seconds": s}} for s in (0.4, 0.5)]],
)
def test_features_of_other_faces_and_of_other_stretches_are_shares_of_their_own(places, others):
    frames = [head(f"head-{place}", features={"frames": 2, "fps": None}, **one) for place, one in enumerate(others)]
    works = Sharing(EXPERIMENTS, places, machines=2, least=0.01).works(frames)
    assert {work.experiment.name for work in works if work.does == "features"} == {"head-0", "head-1"}
    runs = {work.name: set(work.after) for work in works if work.does == "run"}
    shares = [{work.name for work in works if work.does == "features"} & after for after in runs.values()]
    assert shares[0].isdisjoint(shares[1])


def face_shares(places: Places, machines: int, least: float, **changes: object) -> list:
    works = Sharing(EXPERIMENTS, places, machines, least).works([head("head", **changes)])
    return [work for work in works if work.does == "faces"]


def test_each_machine_has_as_many_shares(places):
    # So that three would fit.
    three = sum(work.seconds for work in face_shares(places, machines=1, least=0.01)) / 3.5
    assert [len(face_shares(places, machines, three)) for machines in (1, 2, 3, 8)] == [2, 2, 3, 3]


def test_a_process_of_one_thread_takes_twice_as_long_as_one_of_two(places):
    one, two = (sum(work.seconds for work in face_shares(places, 1, 0.01, threads=threads)) for threads in (1, 2))
    assert one == pytest.approx(2 * two)


def test_what_is_short_as_a_whole_is_not_dealt_out(places):
    works = Sharing(EXPERIMENTS, places, machines=2).works([head("head")])
    assert [work.name for work in works] == ["head"]
    assert works[0].after == ()
    assert LEAST_SECONDS > 1
    # Nothing was computed for the plan.
    assert not list(places.cache.rglob("*.parquet"))


def test_what_cannot_be_shared_out_is_left_to_its_own_process_to_tell(places):
    wrong = tiny(EXPERIMENTS, name="wrong", dataset="ai4pain", task="unbc-five")
    works = Sharing(EXPERIMENTS, places, machines=2).works([wrong, head("head")])
    assert [(work.name, work.after) for work in works] == [("wrong", ()), ("head", ())]


@pytest.mark.slow
def test_what_the_cache_holds_is_not_shared_out(places):
    experiment = head("head")
    clips = clips_of(experiment, places)
    measurement = faces_measurement(experiment.faces, places.cache)
    before = nominal_shards(clips, places.data_root, measurement, places.cache, missing=True)
    first = min(before)
    measure_shards(clips, places.data_root, measurement, places.cache, [first])
    left = nominal_shards(clips, places.data_root, measurement, places.cache, missing=True)
    assert set(before) - set(left) == {first}
    assert nominal_shards(clips, places.data_root, measurement, places.cache, missing=False) == before
    works = Sharing(EXPERIMENTS, places, machines=8, least=0.01).works([experiment])
    assert set(shards_of(work for work in works if work.does == "faces")) == set(left)
    # The faces of shards are those that one process finds.
    kept = {path: path.read_bytes() for path in places.cache.rglob("*.parquet")}
    compute_faces(clips, places.data_root, experiment.faces, places.cache)
    assert {path: path.read_bytes() for path in kept} == kept


def test_a_source_comes_before_its_features_and_behind_its_faces(places, tmp_path):
    write_small_study(tmp_path / "experiments")
    experiment = load_experiment(
        tmp_path / "experiments" / "ai4pain-ann.yaml",
        {"name": "head", "source": "small-biovid", "faces": {"size": 32}, "threads": 3},
    )
    works = {work.name: work for work in Sharing(tmp_path / "experiments", places, 2, 0.01).works([experiment])}
    (source,) = [work for work in works.values() if work.title == "source small-biovid"]
    assert source.experiment.threads == 3
    assert source.name == source_name(source.experiment)
    assert {works[name].does for name in source.after} == {"faces"}
    features = [work for work in works.values() if work.does == "features"]
    assert features
    assert all(source.name in work.after for work in features)
    assert source.name in works["head"].after
    (alone,) = source_works([experiment, experiment], tmp_path / "experiments", places).values()
    assert (alone.name, alone.after) == (source.name, ())
