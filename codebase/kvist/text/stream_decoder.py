"""Decoding a stream of tokens into pieces of text that never cut a character in two."""

from kvist.text.tokenizer import Tokenizer

_REPLACEMENT = "\ufffd"
_MAX_CUT_BYTES = 3  # of a character of up to four
_MAX_CONTEXT = 32  # tokens decoded again for each new one


class StreamDecoder:
    """Feed token ids one at a time; get the text that has become certain.

    A Chinese character is three bytes and may span three tokens. A cut one decodes to U+FFFD at the very
    end: one, or one per byte, as the tokenizer has it. So up to three of them are held back until more
    tokens decide.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        self._sent = ""  # the part of decode(self._tokens) that has been handed out

    def add(self, token: int) -> str:
        """The new text, which may be empty."""
        self._tokens.append(token)
        text = self._tokenizer.decode(self._tokens)
        certain = text[: len(text) - min(_MAX_CUT_BYTES, len(text) - len(text.rstrip(_REPLACEMENT)))]
        if not certain.startswith(self._sent):  # a cut character may also hide whole ones before it
            return ""
        piece, self._sent = certain[len(self._sent) :], certain
        if certain == text and len(self._tokens) > _MAX_CONTEXT:
            self._shorten()
        return piece

    def flush(self) -> str:
        """What is left at the end, with U+FFFD for a character that was never finished."""
        text = self._tokenizer.decode(self._tokens)
        piece = text[len(self._sent) :]
        self._sent = text
        return piece

    def _shorten(self) -> None:
        """Forget old tokens where that leaves the text of the newer ones as it is."""
        half = self._tokens[-_MAX_CONTEXT // 2 :]
        text = self._tokenizer.decode(half)
        if text and self._sent.endswith(text):
            self._tokens, self._sent = half, text
