"""The heads, one line each."""

from transferpain.core.registry import Registry
from transferpain.networks.heads.ann import ANN
from transferpain.networks.heads.base import Head
from transferpain.networks.heads.bilstm_ann import BILSTM_ANN
from transferpain.networks.heads.bilstm_attention import BILSTM_ATTENTION
from transferpain.networks.heads.cnn_1d import CNN_1D
from transferpain.networks.heads.gradient_boosting import GRADIENT_BOOSTING
from transferpain.networks.heads.gru import GRU
from transferpain.networks.heads.logistic_regression import LOGISTIC_REGRESSION
from transferpain.networks.heads.lstm import LSTM
from transferpain.networks.heads.random_forest import RANDOM_FOREST
from transferpain.networks.heads.statistics import STATISTICS
from transferpain.networks.heads.svm import SVM
from transferpain.networks.heads.tcn import TCN
from transferpain.networks.heads.transformer import TRANSFORMER
from transferpain.networks.heads.xgboost import XGBOOST

HEADS: Registry[Head] = Registry(
    "head",
    [
        ANN,
        LSTM,
        GRU,
        TCN,
        BILSTM_ATTENTION,
        BILSTM_ANN,
        CNN_1D,
        TRANSFORMER,
        STATISTICS,
        LOGISTIC_REGRESSION,
        SVM,
        RANDOM_FOREST,
        GRADIENT_BOOSTING,
        XGBOOST,
    ],
)
