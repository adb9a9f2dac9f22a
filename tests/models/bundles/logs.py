"""Logs of trainings and recipes that nobody trained."""

from transferpain.models.bundles.training_log import Epoch, Log, Recipe, Recipes, Score, Tested, Training


def drawn_training(epochs: int = 3) -> Training:
    """Return a training whose loss falls as 1 / epoch."""
    rows = (
        Epoch(epoch=one, phase="full", loss=1 / one, val_loss=2 / one, val_accuracy=1 - 1 / one, learning_rate=0.08)
        for one in range(1, epochs + 1)
    )
    return Training(epochs=tuple(rows))


def drawn_tested(value: float, clips: int) -> Tested:
    """Return scores that are all the same, with an interval of .02."""
    score = Score(value=value, low=value - 0.01, high=value + 0.01)
    scores = dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1"), score)
    return Tested(clips=clips, **scores, recall={"none": score, "pain": score})


def drawn_recipe(name: str, size: int, selection: float, test: float) -> Recipe:
    """Return a recipe that was tested on 100 pictures, 10 of them copies."""
    return Recipe(
        name=name,
        run=f"{name}-0123456789abcdef",
        backbone="resnet18",
        settings={"images.size": str(size)},
        epochs=30,
        trainings=1,
        selection_accuracy=selection,
        test=drawn_tested(test, 100),
        copies=10,
        without_copies=drawn_tested(test - 0.05, 90),
    )


def drawn_log(epochs: int = 3) -> Log:
    """Return a log of two recipes, of which the first is shipped and the second scored higher on the tested rows."""
    recipes = (drawn_recipe("large", 96, 0.84, 0.85), drawn_recipe("small", 64, 0.82, 0.86))
    return Log(drawn_training(epochs), Recipes(recipes=recipes))
