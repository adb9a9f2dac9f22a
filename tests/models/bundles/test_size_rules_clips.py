"""Rules for the layers of networks on windows of pictures: the right size, or a refusal."""

import pytest

from tests.models.bundles.test_sizes import X, layer, network
from transferpain.models.bundles.sizes import Cost, Refused, measure

CONV = {"kernel_size": [3, 3, 3], "strides": [1, 1, 1], "padding": "same", "filters": 8, "dilation_rate": [1, 1, 1]}
POOL = {"pool_size": [1, 2, 2], "strides": [1, 2, 2], "padding": "same"}
DENSE = {"equation": "bhwc,cd->bhwd", "bias_axes": "wd", "output_shape": [4, 9, 5]}
ATTENTION = {"num_heads": 2, "key_dim": 3}
CLIP = (4, 5, 5, 3)


def clip(kind: str, settings: dict, shape: tuple = CLIP) -> dict:
    reads = X * 2 if kind == "MultiHeadAttention" else X
    return network(layer(kind, "a", reads, **settings), shape=shape)


@pytest.mark.parametrize(
    ("config", "cost"),
    [
        (clip("Conv3D", CONV), Cost(27 * 3 * 8 + 8, 300 + 4 * 25 * 8, 100 * 27 * 3 * 8)),
        (
            clip("Conv3D", CONV | {"padding": "valid", "strides": [1, 2, 2], "use_bias": False}),
            Cost(27 * 3 * 8, 300 + 2 * 2 * 2 * 8, 8 * 27 * 3 * 8),
        ),
        (clip("MaxPooling3D", POOL), Cost(0, 300 + 4 * 3 * 3 * 3, 4 * 3 * 3 * 3 * 4)),
        (clip("EinsumDense", DENSE, (4, 9, 7)), Cost(7 * 5 + 9 * 5, 4 * 9 * 7 + 4 * 9 * 5, 4 * 9 * 7 * 5)),
    ],
    ids=["convolution", "steps", "pooling", "one bias for all rows"],
)
def test_a_layer_costs_what_it_computes(config, cost):
    assert measure(config) == cost


def test_attention_over_places_compares_those_of_one_step_alone():
    alone, all_of_them = (
        measure(clip("MultiHeadAttention", ATTENTION | {"attention_axes": axes}, (4, 9, 6))) for axes in ([2], [1, 2])
    )
    assert alone.parameters == all_of_them.parameters
    scores = 2 * 4 * 9 * (4 * 9 - 9)  # heads, places that ask, places of other steps
    assert all_of_them.activations - alone.activations == 2 * scores
    assert all_of_them.products - alone.products == scores * (3 + 3)


@pytest.mark.parametrize(
    ("kind", "settings", "shape"),
    [
        ("Conv3D", CONV | {"groups": 3}, CLIP),
        ("Conv3D", CONV | {"dilation_rate": [1, 2, 1]}, CLIP),
        ("Conv3D", CONV | {"kernel_size": [3, 3]}, CLIP),
        ("Conv3D", CONV | {"strides": [1, 0, 1]}, CLIP),
        ("Conv3D", CONV | {"data_format": "channels_first"}, CLIP),
        ("Conv3D", CONV | {"padding": "valid", "kernel_size": [5, 3, 3]}, CLIP),
        ("Conv3D", CONV, (5, 5, 3)),
        ("MaxPooling3D", POOL | {"pool_size": 2}, CLIP),
        ("MaxPooling3D", POOL, (5, 5, 3)),
        ("EinsumDense", DENSE | {"bias_axes": "hd"}, (4, 9, 7)),
        ("EinsumDense", DENSE | {"output_shape": [4, 8, 5]}, (4, 9, 7)),
        ("MultiHeadAttention", ATTENTION | {"attention_axes": [1]}, (4, 9, 6)),
        ("MultiHeadAttention", ATTENTION | {"attention_axes": [3]}, (4, 9, 6)),
        ("MultiHeadAttention", ATTENTION | {"attention_axes": "all"}, (4, 9, 6)),
    ],
)
def test_what_no_rule_tells_is_refused(kind, settings, shape):
    with pytest.raises(Refused):
        measure(clip(kind, settings, shape))
