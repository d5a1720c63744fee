"""Guards the header check: a damaged safetensors file is one message that names the file and the tensor."""

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.models.safetensors import read_header


def write(path: Path, header: Any, data: bytes = b"", length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


def entry(start: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_reads_what_mlx_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    mx.save_safetensors(str(path), {"w": mx.zeros((2, 3)), "b": mx.zeros(4, mx.bfloat16)}, {"format": "mlx"})
    header = read_header(path)
    assert {name: (info.dtype, info.shape, info.nbytes) for name, info in header.items()} == {
        "w": ("F32", (2, 3), 24),
        "b": ("BF16", (4,), 8),
    }


@pytest.mark.parametrize(
    ("header", "data", "length", "message"),
    [
        (
            {"w": entry(0, 24, [2, 3])},
            b"x" * 23,
            None,
            "safetensors: w] need 24 bytes of data in the file, got 23",
        ),
        (
            {"w": entry(0, 20, [2, 3])},
            b"x" * 24,
            None,
            "safetensors: w] need 24 bytes for F32 (2, 3), got 20 bytes",
        ),
        ({"w": entry(0, 24, [2, 3], "F4")}, b"x" * 24, None, "safetensors: w] need a dtype among BF16"),
        ({"w": entry(0, 24, [2, -3])}, b"x" * 24, None, "safetensors: w] need dtype, shape and data_offsets"),
        ({"w": {"dtype": "F32"}}, b"", None, "safetensors: w] need dtype, shape and data_offsets"),
        ({"w": 5}, b"", None, "safetensors: w] need dtype, shape and data_offsets"),
        ({"w": entry(0, 24, [2, 3]) | {"shape": 6}}, b"x" * 24, None, "safetensors: w] need dtype, shape"),
        ({}, b"", 500, "need a header of 500 bytes after the first 8, got a file of 10 bytes"),
        ({}, b"", 2**63, "got a file of 10 bytes"),
        (b"{not json", b"", None, "need a header of JSON"),
        (b"\xff\xfe", b"", None, "need a header of JSON"),
        ([], b"", None, "need a header that is a JSON object, got list"),
    ],
)
def test_damaged_files(tmp_path: Path, header: Any, data: bytes, length: int | None, message: str) -> None:
    path = write(tmp_path / "a.safetensors", header, data, length)
    with pytest.raises(KvistError) as caught:
        read_header(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"[{path}")


@pytest.mark.parametrize("size", [0, 1, 7])
def test_files_shorter_than_the_length_field(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"\0" * size)
    with pytest.raises(KvistError, match=f"need at least 8 bytes, got a file of {size} bytes"):
        read_header(path)


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    mx.save_safetensors(str(path), {"w": mx.zeros((2, 3))})
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(KvistError):
            read_header(path)


def test_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(KvistError, match="need a readable safetensors file"):
        read_header(tmp_path / "gone.safetensors")
