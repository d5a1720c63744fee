"""Exercise: softmax that does not overflow.

exp overflows float32 at 88.73, and logits are larger. The result does not change when one number is taken
from every logit of a row: choose that number.
"""

import mlx.core as mx


def softmax(x: mx.array) -> mx.array:
    """Probabilities along the last axis: positive, and each row adds up to 1. x has any shape, float32."""
    raise NotImplementedError("write me")
