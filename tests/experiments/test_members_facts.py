"""What an ensemble states of the target's data: whatever its members saw of it, and what they warn of."""

from transferpain.core.schema import write_stamped
from transferpain.experiments.members import facts_of_members
from transferpain.experiments.run_folder import RunFolder


def run(folder, name: str, **facts) -> RunFolder:
    (folder / name).mkdir()
    write_stamped(folder / name / "facts.json", facts)
    return RunFolder(folder / name)


def test_neutral_clips_and_transductive_members_are_stated_and_warned_of(tmp_path):
    own = {"target_data": "all training subjects", "warnings": ["split"]}
    beside = "all training subjects; one neutral clip of each tested subject"
    runs = [
        run(tmp_path, "plain", target_data="all training subjects", warnings=["split"]),
        run(tmp_path, "reference", target_data=beside, warnings=["split"]),
        run(tmp_path, "adapted", target_data="unlabelled test clips (transductive)", warnings=["TRANSDUCTIVE"]),
    ]
    assert facts_of_members(own, runs[:1]) == own
    assert facts_of_members(own, runs) == {
        "target_data": f"{beside}; unlabelled test clips (transductive)",
        "warnings": ["split", "TRANSDUCTIVE"],
    }


def test_what_sees_nothing_states_so(tmp_path):
    own = {"target_data": "none", "warnings": []}
    assert facts_of_members(own, [run(tmp_path, "plain", target_data="none"), run(tmp_path, "former")]) == own
