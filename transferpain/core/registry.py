"""Registries: the things that can be added, by name - each one file, one test, and one line in its registry."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import AfterValidator

from transferpain.core.errors import UserError


class Named(Protocol):
    """Whatever has a name."""

    name: str


Entry = TypeVar("Entry", bound=Named)


class Registry(Mapping[str, Entry]):
    """Entries by name, in the order in which they were listed.

    Args:
        what: what an entry is, in words, for messages: `backbone`.
        entries: each with a `name` of its own.
        aliases: former name -> name; files of earlier versions are read with them.

    Raises:
        ValueError: if two entries have one name, or an alias leads nowhere.
    """

    def __init__(self, what: str, entries: Iterable[Entry], aliases: Mapping[str, str] | None = None):
        self.what = what
        listed = list(entries)
        self._entries = {entry.name: entry for entry in listed}
        self._aliases = dict(aliases or {})
        if len(self._entries) != len(listed):
            raise ValueError(f"two entries of {what} have one name: {[entry.name for entry in listed]}")
        if lost := [name for name in self._aliases.values() if name not in self._entries]:
            raise ValueError(f"aliases of {what} lead nowhere: {lost}")

    def __getitem__(self, name: str) -> Entry:
        return self._entries[self._aliases.get(name, name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def check(self, name: str) -> str:
        """Return an entry's name as it is today.

        Raises:
            ValueError: if there is no such entry; the message lists the names and the nearest one.
        """
        name = self._aliases.get(name, name)
        if name not in self._entries:
            near = difflib.get_close_matches(name, [*self._entries, *self._aliases], n=1)
            hint = f"; did you mean `{self._aliases.get(near[0], near[0])}`?" if near else ""
            raise ValueError(f"known are {', '.join(f'`{known}`' for known in self)}, received `{name}`{hint}")
        return name

    def find(self, name: str) -> Entry:
        """Return the entry of that name.

        Raises:
            UserError: if there is none; the message lists the names and the nearest one.
        """
        try:
            return self._entries[self.check(name)]
        except ValueError as error:
            raise UserError(f"This {self.what} is unknown.", rule=str(error), todo="Correct the name.") from error

    @property
    def name_type(self) -> Any:
        """The type of a field of settings that names an entry; a former name becomes today's."""
        return Annotated[str, AfterValidator(self.check)]
