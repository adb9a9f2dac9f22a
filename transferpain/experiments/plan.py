"""An experiment with everything that its run folder's name depends on."""

from dataclasses import dataclass
from pathlib import Path

from transferpain.experiments.leakage.evidence import Ancestor
from transferpain.experiments.leakage.lineage import joint_lineage, read_lineage
from transferpain.experiments.run_folder import RunFolder
from transferpain.strategies.base import Plan
from transferpain.strategies.registry import STRATEGIES

SPLIT_SEED = 0  # one split for all seeds: what differs between seeds is the training, not the subjects


@dataclass(frozen=True)
class RunPlan(Plan):
    """A plan with the folder that its run fills.

    Attributes:
        run: that folder.
        members: of an ensemble the folders of its members' models.
    """

    run: RunFolder
    members: tuple[Path, ...] = ()

    @property
    def reads_source(self) -> bool:
        """Whether the source takes part: a head may read features that are not the source's."""
        return STRATEGIES[self.experiment.strategy].reads == "faces" or self.experiment.features.reads_source

    @property
    def parents(self) -> tuple[Path, ...]:
        """The folders of the models that the run's model comes from."""
        parts = self.origin.parts or (self.origin,)
        return tuple(part.folder for part in parts if part.folder is not None) if self.reads_source else ()

    @property
    def parent(self) -> Path | None:
        """The folder of the model that the run's model comes from; `None` where it comes from none."""
        return self.origin.folder if self.reads_source else None

    @property
    def lineage(self) -> tuple[Ancestor, ...] | None:
        """The trainings before the run's own, the last first; of several sources or members those of all of them."""
        if self.members:
            # Before their own, which are those of the folds: who is tested there has had no part in them.
            lines = [read_lineage(member) for member in self.members]
            return joint_lineage([line and line[1:] for line in lines])
        return joint_lineage([read_lineage(folder) for folder in self.parents or (None,)])
