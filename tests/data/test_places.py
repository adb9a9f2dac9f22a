"""Places: what stands where, and an index is read once."""

from transferpain.data.places import Places


def test_places_stand_in_the_workspace(tmp_path):
    places = Places(tmp_path / "data", tmp_path / "work")
    assert {places.runs, places.cache, places.reports} == {
        tmp_path / "work" / name for name in ("runs", "cache", "reports")
    }


def test_an_index_is_read_once_for_the_same_places(small_twin, tmp_path):
    places = Places(small_twin, tmp_path)
    assert places.index("biovid") is places.index("biovid")
    again = Places(small_twin, tmp_path)
    assert again == places
    assert again.index("biovid") is not places.index("biovid")


def test_contents_are_looked_at_once_for_the_same_clips(small_twin, tmp_path):
    places = Places(small_twin, tmp_path)
    clips = places.index("biovid").clips
    whole = places.contents(clips)
    assert places.contents(clips) == whole != places.contents(clips.iloc[1:])
    assert len(places.hashes) == 2
    assert Places(small_twin, tmp_path / "other").contents(clips) == whole
