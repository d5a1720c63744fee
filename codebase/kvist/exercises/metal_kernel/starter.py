"""Exercise: a Metal kernel, the gate of SwiGLU: out = silu(gate) * up, with silu(x) = x / (1 + exp(-x)).

Write the body only; the signature is generated. In it `gate` and `up` are `const device float*`, `out` is
`device float*`, and `thread_position_in_grid.x` is the number of this thread. One thread writes one element.
Where there is no Mac the text is run by the emulator.
"""


def body() -> str:
    """The body of the kernel, in Metal Shading Language."""
    raise NotImplementedError("write me")
