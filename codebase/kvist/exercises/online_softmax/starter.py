"""Exercise: softmax in one pass.

Keep the maximum of the numbers seen and the sum of exp(x - maximum). When a larger maximum comes, the sum so
far has to be corrected.
"""


def update(maximum: float, total: float, x: float) -> tuple[float, float]:
    """The state after one more number. It starts as (-inf, 0.0)."""
    raise NotImplementedError("write me")


def merge(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """The state of the numbers of both states, either of which may be (-inf, 0.0)."""
    raise NotImplementedError("write me")
