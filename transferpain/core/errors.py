"""The exceptions that a user is meant to read."""

from transferpain.core.faults import in_our_words


class UserError(Exception):
    """Something the user can put right: what was wrong, the rule, what was received, what to do.

    The command line prints it without a traceback and exits with status 1. What was wrong, the rule and what was
    received stay apart, for whoever knows better what to do next.

    Args:
        what: what was wrong, one sentence.
        rule: the rule that was broken, one sentence; may be empty.
        received: the offending value, shown after `Received:`; `None` leaves the line out.
        todo: what to do next, one sentence; may be empty.
    """

    def __init__(self, what: str, *, rule: str = "", received: object = None, todo: str = ""):
        lines = [what, rule]
        if received is not None:
            lines.append(f"Received: {in_our_words(received)}")
        lines.append(todo)
        super().__init__(printable("\n".join(line for line in lines if line)))
        self.what, self.rule = what, rule
        self.received = None if received is None else str(in_our_words(received))


class DamagedFile(UserError, ValueError):
    """A file that is not what its place in the toolkit asks for; who can do without it catches it as a `ValueError`."""


class NotHere(UserError):
    """Something that an experiment needs is not on this machine: a dataset, or the file of somebody's weights."""


class InUse(UserError):
    """Another process holds what was asked for."""


def printable(text: str) -> str:
    """Return text from elsewhere (a file's name, somebody's model) without characters that steer a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
