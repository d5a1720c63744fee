"""Types of Apple's <simd/simd.h>, which headers shared by the host and the kernels are written in.

`vector_float2`, `simd_float4`, `simd_packed_float3`, `matrix_float4x4`: for Metal each is a type of its own
library by another name. https://developer.apple.com/documentation/simd
"""

import re

_SCALARS = "char|uchar|short|ushort|int|uint|long|ulong|half|float"
_NAME = re.compile(
    rf"(?:vector_(?P<vector>(?:{_SCALARS})[234])|simd_(?P<simd>(?:packed_)?(?:{_SCALARS})[234])"
    rf"|simd_(?P<scalar>{_SCALARS})1|(?:matrix|simd)_(?P<matrix>(?:half|float)[234]x[234]))"
)
_WORD = re.compile(rf"\b{_NAME.pattern}\b")


def metal_name(name: str) -> str:
    """`float2` for `vector_float2` or `simd::float2`; any other name as it is."""
    plain = name.removeprefix("simd::")
    found = _NAME.fullmatch(plain)
    return next(g for g in found.groups() if g) if found else plain


def declarations(text: str) -> str:
    """C++ that declares those of the types that `text` uses and does not declare itself, in one line."""
    used = sorted({m.group() for m in _WORD.finditer(text)})
    own = {
        n for n in used if re.search(rf"\busing\s+{n}\s*=|\b(?:typedef|struct)\b[^;{{}}]*\b{n}\s*[;{{]", text)
    }
    made = [f"using {n} = metal::{metal_name(n)};" for n in used if n not in own]
    return " ".join(m.replace("metal::", "") if _is_scalar(m) else m for m in made)


def _is_scalar(declaration: str) -> bool:
    return re.search(rf"metal::(?:{_SCALARS});", declaration) is not None
