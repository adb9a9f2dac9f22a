"""What measured the clips in a cache: a library's name and version, as `detector_identity` and `mesh_identity` say."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from transferpain.inputs.faces.cache import stated_facts

LOOKED_AT = 8  # files of each of the 256 folders; keys are hashes, so that they are a fair sample of a large cache


def name_of(identity: str) -> str:
    """Return whose identity it is: its first word."""
    return identity.partition(" ")[0]


def version_of(identity: str) -> tuple[int, ...]:
    """Return the numbers of the version, its second word; empty if it has none."""
    words = identity.split(" ", 2)
    return tuple(map(int, re.findall(r"\d+", words[1]))) if len(words) > 1 else ()


def former_makers(folder: Path, identity: str) -> list[str]:
    """Return, sorted, which other versions of the same library measured what stands in a folder of the cache.

    Args:
        folder: of one `Measurement`, e.g. `cache/faces`.
        identity: what measures today.
    """
    found = set(makers(folder))
    return sorted(one for one in found if name_of(one) == name_of(identity) and one != identity)


def makers(folder: Path) -> Iterator[str]:
    """Yield what measured a sample of the files in a folder of the cache; what cannot be read is passed over."""
    for part in sorted(folder.glob("[0-9a-f][0-9a-f]")):
        for path in islice(part.glob("*.parquet"), LOOKED_AT):
            try:
                yield stated_facts(path).detector
            except Exception:  # as `foreign.border` says of readers
                continue
