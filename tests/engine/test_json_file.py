"""Guards the reading of config files: every refusal names the file, and the line or the key."""

from pathlib import Path

import pytest

from kvist.errors import KvistError
from kvist.json_file import JsonFile


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


BROKEN = {
    '{"a": 1,\n "b": }': r"config.json:2\] need valid JSON, got Expecting value",
    "": r"config.json:1\] need valid JSON, got Expecting value",
    "[1, 2]": r"config.json:1\] need a JSON object, got list",
    "[" * 100_000: r"config.json\] need valid JSON, got too deep a nesting",
    b'{"a": "\xff"}': r"config.json\] need a readable UTF-8 file",
}


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: repr(text)[:12])
def test_broken_files(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(KvistError, match=BROKEN[text]):
        JsonFile.read(write(tmp_path, text))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(KvistError, match=r"nothing.json\] need a readable file, got no such file. hint"):
        JsonFile.read(tmp_path / "nothing.json")
    with pytest.raises(KvistError, match="need a readable UTF-8 file"):
        JsonFile.read(tmp_path)


def test_keys_are_typed(tmp_path: Path) -> None:
    config = JsonFile.read(write(tmp_path, '{"n": 3, "x": 1.5, "yes": true, "no": null, "zero": 0}'))
    assert (config.get("n", int), config.get("n", float), config.get("x", float)) == (3, 3.0, 1.5)
    assert (config.get("no", int, 7), config.get("gone", int, 7), config.get("yes", bool)) == (7, 7, True)
    for key, kind, need in [
        ("gone", int, 'need the key "gone", got no such key'),
        ("no", int, 'need the key "no", got null'),
        ("x", int, 'need "x" of type int, got 1.5'),
        ("yes", int, 'need "yes" of type int, got True'),
        ("yes", float, 'need "yes" of type float, got True'),
    ]:
        with pytest.raises(KvistError) as caught:
            config.get(key, kind)
        assert need in str(caught.value) and "config.json" in str(caught.value)
    with pytest.raises(KvistError, match='need "zero" above zero, got 0'):
        config.positive("zero")


def test_refuse_unless(tmp_path: Path) -> None:
    config = JsonFile.read(write(tmp_path, '{"act": "gelu"}'))
    config.refuse_unless("act", "gelu")
    config.refuse_unless("absent", "gelu")
    with pytest.raises(KvistError, match="\"act\" of 'silu', the only one supported, got 'gelu'"):
        config.refuse_unless("act", "silu")
