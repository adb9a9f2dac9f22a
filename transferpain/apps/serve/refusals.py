"""What the server refuses, in the house's form: what was wrong, the rule, what was received, what to do."""

from dataclasses import dataclass, field

from pydantic import BaseModel

from transferpain.core.errors import printable


class Problem(BaseModel):
    """The JSON body of every refusal.

    Attributes:
        error: a name for programs, e.g. `no-face`; it does not change.
        what: what was wrong, one sentence.
        rule: the rule that was broken.
        received: what the server saw instead.
        todo: what to do next.
    """

    error: str
    what: str
    rule: str = ""
    received: str = ""
    todo: str = ""


@dataclass(eq=False)  # an exception has to be hashable
class Refusal(Exception):
    """A request that is not answered as asked; `status` is HTTP's, `headers` go with it."""

    status: int
    error: str
    what: str
    rule: str = ""
    received: object = ""
    todo: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def problem(self) -> Problem:
        """What the client reads."""
        received = printable(str(self.received))[:200]
        return Problem(error=self.error, what=self.what, rule=self.rule, received=received, todo=self.todo)
