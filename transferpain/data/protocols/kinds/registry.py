"""The kinds of protocols, by name."""

from transferpain.core.registry import Registry
from transferpain.data.protocols.kinds.cross_dataset import CROSS_DATASET
from transferpain.data.protocols.kinds.folders import FOLDERS
from transferpain.data.protocols.kinds.group_kfold import GROUP_KFOLD
from transferpain.data.protocols.kinds.grouped import GROUPED
from transferpain.data.protocols.kinds.grouped_cross_dataset import GROUPED_CROSS_DATASET
from transferpain.data.protocols.kinds.holdout import HOLDOUT
from transferpain.data.protocols.kinds.loso import LOSO
from transferpain.data.protocols.kinds.own_folds import OWN_FOLDS
from transferpain.data.protocols.kinds.published_folds import PUBLISHED_FOLDS
from transferpain.data.protocols.kinds.random_frames import RANDOM_FRAMES
from transferpain.data.protocols.kinds.stratified_group_kfold import STRATIFIED_GROUP_KFOLD

KINDS = Registry(
    "kind of protocol",
    [
        FOLDERS,
        HOLDOUT,
        LOSO,
        GROUP_KFOLD,
        STRATIFIED_GROUP_KFOLD,
        PUBLISHED_FOLDS,
        OWN_FOLDS,
        CROSS_DATASET,
        GROUPED,
        GROUPED_CROSS_DATASET,
        RANDOM_FRAMES,
    ],
)
