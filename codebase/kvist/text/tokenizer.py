"""The tokenizer of a checkpoint: tokenizer.json read by the `tokenizers` library."""

from collections.abc import Iterable
from pathlib import Path

import tokenizers

from kvist.errors import KvistError
from kvist.json_file import JsonFile

# Files of a model folder that may name the end-of-sequence tokens, in the order in which they win.
_EOS_FILES = ("generation_config.json", "config.json")


class Tokenizer:
    """Text to token ids and back."""

    def __init__(self, backend: tokenizers.Tokenizer, eos_ids: Iterable[int] = ()) -> None:
        self._backend = backend
        self.eos_ids = frozenset(eos_ids)
        """Tokens that end a generation."""

    @staticmethod
    def from_folder(folder: str | Path) -> "Tokenizer":
        """Read tokenizer.json, and `eos_token_id` from generation_config.json or config.json."""
        path = Path(folder) / "tokenizer.json"
        if not path.is_file():
            raise KvistError(f"{path}", "a tokenizer", "no such file")
        try:
            backend = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise KvistError(f"{path}", "a tokenizer of the tokenizers library", str(error)) from None
        return Tokenizer(backend, _eos_ids(Path(folder)))

    @property
    def vocab_size(self) -> int:
        """Number of ids, special tokens included."""
        return self._backend.get_vocab_size(with_added_tokens=True)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`, with whatever special tokens the checkpoint's own post-processor adds."""
        try:
            text.encode()
        except UnicodeEncodeError as error:  # half of a surrogate pair, such as an undecodable argument
            raise KvistError("Tokenizer.encode", "text that is valid Unicode", str(error)) from None
        return self._backend.encode(text).ids

    def decode(self, tokens: Iterable[int], *, skip_special_tokens: bool = True) -> str:
        """Text of token ids. A cut UTF-8 character becomes U+FFFD; see `StreamDecoder` for streams."""
        return self._backend.decode(list(tokens), skip_special_tokens=skip_special_tokens)


def _eos_ids(folder: Path) -> list[int]:
    """`eos_token_id` (a number or a list) of the first file that has one; none means: never stop by token."""
    for path in (folder / name for name in _EOS_FILES):
        value = JsonFile.read(path).values.get("eos_token_id") if path.exists() else None
        if value is not None:
            ids = value if isinstance(value, list) else [value]
            if not all(type(token) is int for token in ids):
                raise KvistError(f"{path}", '"eos_token_id" as a number or a list of numbers', repr(value))
            return ids
    return []
