"""Writes the table in docs/backbones.md, from the registry and its networks: `python docs/backbones.py [--check]`."""

import sys
from pathlib import Path

from transferpain.core.quiet import import_tensorflow
from transferpain.core.store import write_text
from transferpain.networks.backbones.base import Backbone
from transferpain.networks.backbones.registry import BACKBONES

PAGE = Path(__file__).with_suffix(".md")
BEGIN, END = "<!-- made by docs/backbones.py -->\n", "<!-- end -->"
REFERENCE_SIZE = 224
COLUMNS = ("`backbone:`", "network", "parameters", "multiply-adds at 224", "smallest picture", "from ImageNet")


def table() -> str:
    """Return one row for each backbone, in Markdown."""
    import_tensorflow()
    lines = [COLUMNS, ("---", "---", "---:", "---:", "---:", "---"), *map(row, BACKBONES.values())]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def row(backbone: Backbone) -> tuple[str, ...]:
    """Return what the table says of a backbone; parameters are those below `gap`, at 224 pixels."""
    import keras

    from transferpain.networks.backbones.surgery import without_weights

    model = without_weights(lambda: backbone.build(REFERENCE_SIZE, classes=2, seed=0))  # they are counted, not drawn
    parameters = keras.Model(model.input, model.get_layer("gap").output).count_params()
    sizes = f"{backbone.min_size}" + (f", in steps of {backbone.step}" if backbone.step > 1 else "")
    weights = f"yes, scaling `{backbone.imagenet.scaling}`" if backbone.imagenet else "no"
    cost = f"{backbone.cost / 1e6:,.0f} million"
    return f"`{backbone.name}`", backbone.title, f"{parameters:,}", cost, sizes, weights


def page() -> str:
    """Return the page with its table as it is made here."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    if "--check" in sys.argv:
        late = page() != PAGE.read_text(encoding="utf-8")
        print(f"{PAGE.name} is not current: python docs/backbones.py" if late else f"{PAGE.name} is current")
        sys.exit(late)
    write_text(PAGE, page())
