"""Ending a text before a stop text that may arrive in pieces."""


class StopMatcher:
    """Passes text through until a stop text appears; holds back what may be the beginning of one."""

    def __init__(self, stop: tuple[str, ...]) -> None:
        self._stop = stop
        self._held = ""
        self.stopped = False
        """True once a stop text was seen; nothing passes any more."""

    def add(self, piece: str) -> str:
        """The text that is certain to come before any stop text."""
        if self.stopped:
            return ""
        text = self._held + piece
        # The stop that is complete first wins, so that the cutting into pieces makes no difference.
        found = [(start + len(stop), start) for stop in self._stop if (start := text.find(stop)) >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)[1]]
        keep = max((_overlap(text, stop) for stop in self._stop), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def flush(self) -> str:
        """What was held back, when the stream ends."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop` without completing it."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
