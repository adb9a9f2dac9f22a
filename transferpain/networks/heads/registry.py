"""The heads, one line each."""

from transferpain.core.registry import Registry
from transferpain.networks.heads.ann import ANN
from transferpain.networks.heads.base import Head
from transferpain.networks.heads.gradient_boosting import GRADIENT_BOOSTING
from transferpain.networks.heads.logistic_regression import LOGISTIC_REGRESSION
from transferpain.networks.heads.lstm import LSTM
from transferpain.networks.heads.random_forest import RANDOM_FOREST
from transferpain.networks.heads.svm import SVM

HEADS: Registry[Head] = Registry(
    "head",
    [
        ANN,
        LSTM,
        LOGISTIC_REGRESSION,
        SVM,
        RANDOM_FOREST,
        GRADIENT_BOOSTING,
    ],
)
