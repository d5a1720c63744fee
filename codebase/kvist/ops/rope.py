"""Rotary position embedding (RoPE): positions as rotations of pairs of features."""

from functools import lru_cache

import mlx.core as mx

from kvist.errors import KvistError
from kvist.ops.arguments import (
    FLOATS,
    need_array,
    need_flag,
    need_floats,
    need_implementation,
    need_number,
    need_whole,
)
from kvist.ops.metal.rope import launch

LARGEST = 3.4e38


def rope(
    x: mx.array,
    *,
    offset: int = 0,
    base: float = 10000.0,
    dims: int | None = None,
    traditional: bool = False,
    implementation: str | None = None,
) -> mx.array:
    """Rotate the first `dims` features of each head by angles that grow with the position.

    x: (B, H, L, D); token i of the L has position `offset + i`. Features j and j + dims/2 form a pair (the
    half-split or NeoX layout of Llama and Qwen), turned by `position * base ** (-2j / dims)` radians;
    `traditional` pairs features 2j and 2j + 1, as the paper does. `dims` defaults to D; features beyond it
    pass unchanged. Returns the shape and dtype of `x`.

    `implementation` is "reference", "mlx" (`mx.fast.rope`), "metal" (kernels/rope/rope.metal) or None
    (MLX's).
    Source: Su et al. 2021, RoFormer, section 3.2.2, equation 15.
    Raises KvistError on a wrong shape or odd `dims`.
    """
    need_array("rope", x=x)
    need_floats("rope", x=x)
    need_flag("rope", traditional=traditional)
    need_implementation("rope", implementation, "reference", "mlx", "metal")
    if x.ndim != 4:
        raise KvistError("rope", "x of shape (B, H, L, D)", f"shape {x.shape}")
    dims = x.shape[-1] if dims is None else dims
    need_whole("rope", offset=offset, dims=dims)
    base = need_base("rope", base)
    if dims % 2 or not 0 < dims <= x.shape[-1]:
        raise KvistError("rope", f"an even number of features up to D={x.shape[-1]}", f"dims={dims}")
    if implementation == "reference":
        return rope_reference(x, offset=offset, base=base, dims=dims, traditional=traditional)
    # With `base=`, mx.fast.rope takes the frequencies through exp and log: at position 30,000 it is 3e-3 off
    # what the models were trained with. Given the wavelengths, it agrees.
    wavelengths = rope_wavelengths(base, dims)
    if implementation == "metal":
        if x.dtype not in FLOATS:
            raise KvistError("rope", 'float32, float16 or bfloat16 for implementation="metal"', str(x.dtype))
        offsets = mx.full((x.shape[0],), offset, mx.int32)
        return launch(x, wavelengths, offsets, traditional=traditional).run()[0] if x.size else x
    return mx.fast.rope(
        x, dims, traditional=traditional, base=None, scale=1.0, offset=offset, freqs=wavelengths
    )


def need_base(where: str, base: object) -> float:
    """`base` as a float. Raises KvistError unless it is a number above 0 that float32 can hold."""
    need_number(where, base=base)
    number = float(base)  # type: ignore[arg-type]
    if not 0 < number < LARGEST:
        raise KvistError(where, "base to be a number above 0, of float32", str(number))
    return number


def rope_reference(
    x: mx.array, *, offset: int, base: float, dims: int, traditional: bool = False
) -> mx.array:
    """The definition, in float32."""
    angles = rope_angles(x.shape[-2], offset=offset, base=base, dims=dims)
    cos, sin = mx.cos(angles), mx.sin(angles)
    wide, half = x[..., :dims].astype(mx.float32), dims // 2
    first, second = (wide[..., ::2], wide[..., 1::2]) if traditional else (wide[..., :half], wide[..., half:])
    turned = [first * cos - second * sin, second * cos + first * sin]
    pairs = mx.stack(turned, axis=-1).flatten(-2) if traditional else mx.concatenate(turned, axis=-1)
    rotated = pairs.astype(x.dtype)
    return rotated if dims == x.shape[-1] else mx.concatenate([rotated, x[..., dims:]], axis=-1)


def rope_angles(num_positions: int, *, offset: int = 0, base: float = 10000.0, dims: int) -> mx.array:
    """Angles in radians, float32, shape (num_positions, dims / 2): row i belongs to position `offset + i`."""
    positions = mx.arange(offset, offset + num_positions, dtype=mx.float32)
    return positions[:, None] * (1.0 / rope_wavelengths(base, dims))


@lru_cache(maxsize=64)
def rope_wavelengths(base: float, dims: int) -> mx.array:
    """Positions per radian of each pair, (dims / 2,): from 1 up to almost `base`."""
    wavelengths = base ** (mx.arange(0, dims, 2, dtype=mx.float32) / dims)
    mx.eval(wavelengths)
    return wavelengths
