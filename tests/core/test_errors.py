"""The message that a user reads."""

from transferpain.core.errors import UserError


def test_the_message_says_what_rule_received_and_what_to_do():
    error = UserError("The file is empty.", rule="It must hold rows.", received=0, todo="Write rows.")
    assert str(error) == "The file is empty.\nIt must hold rows.\nReceived: 0\nWrite rows."


def test_parts_that_are_not_given_leave_no_empty_line():
    assert str(UserError("The file is empty.")) == "The file is empty."


def test_text_from_elsewhere_does_not_steer_the_terminal():
    assert str(UserError("No.", received="\x1b[2Jevil\r\x07é")) == "No.\nReceived: ?[2Jevil??é"
