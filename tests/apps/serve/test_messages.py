import asyncio
import logging

from transferpain.apps.serve.messages import LOGGERS, MINUTE, MOST_MESSAGES, BoundedMessages, bound_messages


def say(bounded: BoundedMessages, times: int) -> list[str]:
    records = [logging.LogRecord("x", logging.WARNING, "", 0, "no %s", ("head",), None) for _ in range(times)]
    return [record.getMessage() for record in records if bounded.filter(record)]


def test_a_minute_has_so_many_messages_and_the_next_one_as_many():
    now = [0.0]
    bounded = BoundedMessages(lambda: now[0])
    said = say(bounded, 1000)
    assert len(said) == MOST_MESSAGES
    assert said[0] == "no head"
    assert said[-1] == "no head (further messages of this minute are left out)"
    now[0] = MINUTE
    assert say(bounded, 2) == ["no head", "no head"]


def test_a_request_that_is_given_up_at_the_end_is_no_message():
    for error, shown in ((asyncio.CancelledError(), False), (ValueError(), True)):
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), (type(error), error, None))
        assert BoundedMessages().filter(record) is shown


def test_what_is_bounded_twice_is_bounded_once():
    bound_messages()
    bound_messages()
    for name in LOGGERS:
        assert sum(isinstance(one, BoundedMessages) for one in logging.getLogger(name).filters) == 1
