"""Byte-level byte-pair encoding: train a vocabulary, encode, decode, write Hugging Face's tokenizer.json.

Training starts from the 256 bytes and repeats one step: find the most frequent pair of neighbours inside
pre-tokens, make it a new token (Sennrich, Haddow and Birch 2016, arXiv:1508.07909, sec 3.2; over bytes as in
GPT-2). Encoding replays these merges in the order in which they were learned. Every text has an encoding,
since every byte is a token, and decoding gives exactly the same text back.
"""

import itertools
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from kvist.errors import KvistError
from kvist.text.bpe_merges import learn_merges
from kvist.text.pretokenize import QWEN_PATTERN, alphabet, pretokenize, spell

Pair = tuple[bytes, bytes]


class BytePairEncoding:
    """A byte-level BPE vocabulary. Ids: the 256 bytes, then one per merge, then the special tokens."""

    def __init__(self, merges: Sequence[Pair], special_tokens: Sequence[str] = ()):
        self.merges = list(merges)
        self.special_tokens = list(special_tokens)
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        # two merges can spell the same token, which then has one id
        pieces = list(dict.fromkeys(alphabet() + [left + right for left, right in self.merges]))
        self._ids = {piece: token for token, piece in enumerate(pieces)}
        self._special_ids = {name: len(pieces) + i for i, name in enumerate(self.special_tokens)}
        self._pieces = pieces + [name.encode() for name in self.special_tokens]
        # the longest name first, as where two names start alike the longer one is meant
        names = sorted(self.special_tokens, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, names))) if names else None
        self._encode_pretoken = lru_cache(maxsize=65536)(self._merge)

    @property
    def vocab_size(self) -> int:
        return len(self._pieces)

    def token_id(self, special_token: str) -> int:
        """Id of a special token."""
        if special_token not in self._special_ids:
            known = ", ".join(self.special_tokens) or "none"
            need = f"a special token of this vocabulary ({known})"
            raise KvistError("token_id", need, repr(special_token))
        return self._special_ids[special_token]

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`. The names of special tokens inside the text become their ids."""
        tokens: list[int] = []
        position = 0
        for match in self._special.finditer(text) if self._special else ():
            tokens += self._encode_plain(text[position : match.start()])
            tokens.append(self._special_ids[match.group()])
            position = match.end()
        return tokens + self._encode_plain(text[position:])

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of token ids; bytes that are not valid UTF-8 (a cut character) become U+FFFD."""
        for token in tokens:
            if not 0 <= token < self.vocab_size:
                raise KvistError("decode", f"token ids in 0..{self.vocab_size - 1}", str(token))
        return b"".join(self._pieces[token] for token in tokens).decode("utf-8", errors="replace")

    def _encode_plain(self, text: str) -> list[int]:
        return [token for piece in pretokenize(text) for token in self._encode_pretoken(piece)]

    def _merge(self, pretoken: str) -> tuple[int, ...]:
        """Apply the merges to one pre-token: always the earliest learned pair that is present."""
        pieces = [bytes([byte]) for byte in pretoken.encode()]
        while len(pieces) > 1:
            pairs = itertools.pairwise(pieces)
            rank, position = min((self._ranks.get(pair, len(self.merges)), i) for i, pair in enumerate(pairs))
            if rank == len(self.merges):
                break
            pieces[position : position + 2] = [pieces[position] + pieces[position + 1]]
        return tuple(self._ids[piece] for piece in pieces)

    def to_json(self) -> dict:
        """The contents of tokenizer.json as the `tokenizers` library reads it."""
        no_regex = {"use_regex": False}  # ByteLevel would split once more, by GPT-2's rule
        split = {"type": "Split", "pattern": {"Regex": QWEN_PATTERN}, "behavior": "Isolated", "invert": False}
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False} | no_regex
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        model = {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {spell(piece): token for piece, token in self._ids.items()},
            "merges": [[spell(left), spell(right)] for left, right in self.merges],
        }
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": i, "content": name, **flags} for name, i in self._special_ids.items()],
            "normalizer": None,  # Qwen's NFC would change text: decode(encode(x)) == x would no longer hold
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
            "post_processor": None,
            "decoder": byte_level,
            "model": model,
        }

    def write_tokenizer_json(self, path: str | Path) -> None:
        """Write the vocabulary as a Hugging Face tokenizer.json."""
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=1)
        Path(path).write_text(text + "\n", encoding="utf-8")


def train_bpe(text: str, vocab_size: int, special_tokens: Sequence[str] = ()) -> BytePairEncoding:
    """Learn from `text` a vocabulary of at most `vocab_size` tokens: bytes, merges and special tokens.

    Names of special tokens that stand in the text are borders and are not learned from. Fewer merges are made
    when no pair occurs twice. The result is deterministic: of equally frequent pairs the smaller bytes win.
    """
    num_new = vocab_size - 256 - len(special_tokens)
    if num_new < 0:
        need = f"vocab_size >= {256 + len(special_tokens)}"
        raise KvistError("train_bpe", need, str(vocab_size), "256 bytes and every special token have an id")
    if len(set(special_tokens)) != len(special_tokens) or "" in special_tokens:
        raise KvistError("train_bpe", "distinct, non-empty special tokens", repr(list(special_tokens)))
    borders = "|".join(map(re.escape, sorted(special_tokens, key=len, reverse=True)))
    parts = re.split(borders, text) if borders else [text]
    pretokens = (piece.encode() for part in parts for piece in pretokenize(part))
    return BytePairEncoding(learn_merges(pretokens, num_new), special_tokens)
