from benchmarks.measure import Figure, in_turn, speed_ratio


def test_a_figure_is_held_against_its_target():
    assert [Figure("ratio", value, least=0.9).met for value in (0.89, 0.9)] == [False, True]
    assert [Figure("memory", value, "GB", most=3).met for value in (3.0, 3.1)] == [True, False]
    assert Figure("memory", 1.0, "GB", most=3).target == "at most 3 GB"
    assert Figure("speed", 5.0, "frames/s").met is None


def test_contestants_take_turns():
    order = []
    seconds = in_turn({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3)
    assert order == ["a", "b"] * 3
    assert {name: len(times) for name, times in seconds.items()} == {"a": 3, "b": 3}


def test_the_faster_has_a_ratio_above_one_and_one_outlier_does_not_change_it():
    assert speed_ratio({"fast": [1.0, 9.0, 1.0], "slow": [2.0, 2.0, 2.0]}, "fast", "slow") == 2.0
