import numpy as np
import pytest
import tensorflow as tf

from tests.apps.edge.small_fused import small_fused
from tests.apps.explain.small_models import SIZE, small_model
from tests.models.bundles.bundles import as_saved
from transferpain.apps.edge.parts import Part, split_model
from transferpain.models.sources.preprocessing import scale_pixels

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (3, SIZE, SIZE, 3)).astype(np.float32)


def answer(part: Part, *given: np.ndarray) -> np.ndarray:
    return part.call(*map(tf.constant, given)).numpy()


@pytest.mark.parametrize("scaling", ["unit", "symmetric", "caffe", "torch"])
def test_a_network_on_one_picture_is_its_own_encoder_and_scales_pixels_itself(scaling):
    model = small_model(3)
    (encoder,) = split_model(as_saved(model, scaling))
    assert (encoder.name, encoder.inputs, encoder.output) == ("encoder", {"pixels": (SIZE, SIZE, 3)}, "probabilities")
    np.testing.assert_allclose(
        answer(encoder, PIXELS[:1]), np.asarray(model(scale_pixels(PIXELS[:1], scaling))), atol=1e-6
    )


@pytest.mark.parametrize("fusion", ["dense", "bilstm"])
def test_encoder_and_head_together_are_the_fused_network(fusion):
    model = small_fused(fusion)
    encoder, head = split_model(as_saved(model, "unit"))
    assert encoder.inputs == {"pixels": (SIZE, SIZE, 3)}
    steps = (3,) if fusion == "bilstm" else ()
    assert head.inputs == {"image_embedding": (*steps, 256), "landmarks": (3, 1434)}
    landmarks = RANDOM.normal(size=(1, 3, 1434)).astype(np.float32)
    frames = PIXELS if fusion == "bilstm" else PIXELS[:1]
    embeddings = np.concatenate([answer(encoder, frame[None]) for frame in frames])
    given = embeddings[None] if fusion == "bilstm" else embeddings
    whole = model([(frames[None] if fusion == "bilstm" else frames) / 255, landmarks], training=False)
    np.testing.assert_allclose(answer(head, given, landmarks), np.asarray(whole), atol=1e-5)


def test_the_head_of_a_short_window_has_no_loop():
    head = split_model(small_fused())[1]
    specs = [tf.TensorSpec((1, *shape), tf.float32) for shape in head.inputs.values()]
    graph = tf.function(head.call, input_signature=specs).get_concrete_function().graph
    assert not any("While" in operation.type for operation in graph.get_operations())
