"""Prints the figures of the house, read from its own imports: `python docs/architecture.py [CHECKOUT]`.

A room is a folder of the package, or a module beside the folders. A room stands one floor above the highest room that
it imports from; rooms that import each other in a circle share a floor, and arrows within it do not lead down.
"""

import ast
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from networkx import DiGraph, condensation, strongly_connected_components, topological_sort

PACKAGE = "transferpain"


@dataclass(frozen=True)
class House:
    """The imports of a package between its own modules.

    Attributes:
        modules: dotted name below the package -> the modules that it imports.
        loose: the modules beside the folders.
        lines: of all modules.
    """

    modules: dict[str, set[str]]
    loose: tuple[str, ...]
    lines: int

    @cached_property
    def rooms(self) -> DiGraph:
        """Rooms, with an arrow from each to those that it imports from, and the number of imports behind it."""
        graph = DiGraph()
        graph.add_nodes_from({room_of(module) for module in self.modules})
        for module, imported in self.modules.items():
            for other in imported:
                above, below = room_of(module), room_of(other)
                if above != below:
                    graph.add_edge(above, below)
        return graph

    @cached_property
    def floors(self) -> dict[str, int]:
        """The floor of each room, from 1."""
        whole = condensation(self.rooms)
        floor: dict[int, int] = {}
        for circle in reversed(list(topological_sort(whole))):
            floor[circle] = 1 + max((floor[below] for below in whole.successors(circle)), default=0)
        return {room: floor[whole.graph["mapping"][room]] for room in self.rooms}

    @property
    def upward(self) -> list[tuple[str, str]]:
        """Arrows that do not lead to a lower floor."""
        return [(above, below) for above, below in self.rooms.edges if self.floors[above] <= self.floors[below]]

    @property
    def circles(self) -> list[set[str]]:
        """Modules that import each other in a circle, wherever the import stands."""
        graph = DiGraph([(module, other) for module, imported in self.modules.items() for other in imported])
        return [circle for circle in strongly_connected_components(graph) if len(circle) > 1]


def room_of(module: str) -> str:
    """Return the room of a module: its first folder, or itself."""
    return module.split(".")[0]


def read_house(checkout: Path) -> House:
    """Read the imports of every module of the package below a checkout, those inside functions too."""
    root = checkout / PACKAGE
    files = {path: ".".join(path.relative_to(root).with_suffix("").parts) for path in sorted(root.rglob("*.py"))}
    names = {module.removesuffix(".__init__"): path for path, module in files.items() if module != "__init__"}
    modules: dict[str, set[str]] = defaultdict(set)
    lines = 0
    for path, module in files.items():
        text = path.read_text(encoding="utf-8")
        lines += len(text.splitlines())
        own = module.removesuffix(".__init__")
        modules[own] |= {name for name in imports(ast.parse(text), names) if name != own}
    loose = tuple(module for path, module in files.items() if path.parent == root)
    return House(dict(modules), loose, lines)


def imports(tree: ast.Module, names: dict[str, Path]) -> set[str]:
    """Return the modules of the package that a module imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE:
            below = node.module.removeprefix(PACKAGE).removeprefix(".")
            wanted = [f"{below}.{alias.name}".removeprefix(".") for alias in node.names]
            found |= {name if name in names else below for name in wanted}
    return found & names.keys()


def figures(house: House) -> dict[str, int]:
    """Return the figures by their names."""
    return {
        "rooms": len(house.rooms),
        "floors": max(house.floors.values()),
        "arrows": house.rooms.number_of_edges(),
        "arrows that do not lead down": len(house.upward),
        "circles between files": len(house.circles),
        "modules beside the folders": len(house.loose),
        "modules": len(house.modules),
        "lines": house.lines,
    }


def main() -> None:
    """Print the figures, then the rooms floor by floor, circles and upward arrows by name."""
    house = read_house(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1])
    for name, number in figures(house).items():
        print(f"{name:<30}{number:>7}")
    for room, floor in sorted(house.floors.items(), key=lambda pair: (-pair[1], pair[0])):
        print(f"floor {floor}: {room} -> {', '.join(sorted(house.rooms.successors(room)))}")
    for circle in house.circles:
        print("circle:", ", ".join(sorted(circle)))
    for above, below in house.upward:
        print(f"upward: {above} -> {below}")


if __name__ == "__main__":
    main()
