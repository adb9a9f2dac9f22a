"""The heads, one line each."""

from transferpain.core.registry import Registry
from transferpain.networks.heads.ann import ANN
from transferpain.networks.heads.base import Head
from transferpain.networks.heads.lstm import LSTM

HEADS: Registry[Head] = Registry(
    "head",
    [
        ANN,
        LSTM,
    ],
)
