import pytest

from transferpain.apps.serve.refusals import Problem, Refusal


def test_a_client_reads_what_was_wrong_and_what_to_do():
    refusal = Refusal(422, "no-face", "No face.", "One face.", "a wall", "Come closer.", {"Retry-After": "1"})
    assert refusal.problem == Problem(
        error="no-face", what="No face.", rule="One face.", received="a wall", todo="Come closer."
    )
    assert (refusal.status, refusal.headers) == (422, {"Retry-After": "1"})


def test_what_is_not_said_is_empty_and_headers_are_its_own():
    first, second = Refusal(503, "busy", "Busy."), Refusal(503, "busy", "Busy.")
    first.headers["Retry-After"] = "1"
    assert second.headers == {}
    assert second.problem.model_dump() == {"error": "busy", "what": "Busy.", "rule": "", "received": "", "todo": ""}


@pytest.mark.parametrize(
    ("received", "said"),
    [(7, "7"), (None, "None"), ("x" * 10_000, "x" * 200), ("a\x1b[2Jb\u202ec", "a?[2Jb?c"), (ValueError("no"), "no")],
)
def test_what_was_received_is_short_and_steers_no_terminal(received, said):
    assert Refusal(400, "x", "X.", received=received).problem.received == said


def test_equal_refusals_are_two_exceptions():
    assert len({Refusal(400, "x", "X."), Refusal(400, "x", "X.")}) == 2
