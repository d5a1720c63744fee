"""Control comments: `<!-- run: skip "why" -->` and its kin on the line above a fence."""

import re
from dataclasses import dataclass, field

from vaultkit.lines import Comment

WORDS = 'skip "why", raises NAME, setup, timeout SECONDS, fresh'

_RUN = re.compile(r"\s*run\s*:(?P<rest>.*)\Z", re.DOTALL)
_WORD = re.compile(r'\s*(?:"([^"\n]*)"|“([^”\n]*)”|(\S+))')


class ControlError(ValueError):
    """A control comment that cannot be understood; the text says why."""


@dataclass(frozen=True, slots=True)
class Control:
    """What the comments above a block ask for; the default is a plain block."""

    skip: str = ""
    raises: str = ""
    timeout: float | None = None
    fresh: bool = False


@dataclass(slots=True)
class _Words:
    values: dict[str, object] = field(default_factory=dict)

    def put(self, name: str, value: object) -> None:
        if name in self.values:
            raise ControlError(f"`{name}` twice")
        self.values[name] = value


def is_control(comment: Comment) -> bool:
    return comment.kind == "html" and bool(_RUN.match(comment.text))


def setup_code(comment: Comment) -> str | None:
    """Hidden code of `<!-- run: setup`, its first line being the line below the comment's; None if
    no set-up.
    """
    first, _, code = _rest(comment).partition("\n")
    if first.split()[:1] != ["setup"]:
        return None
    if first.split() != ["setup"]:
        raise ControlError(f"`{first.strip()}`: nothing may follow `setup` on its line")
    if not code.strip():
        raise ControlError("`setup` without code: the code stands inside the comment, below its first line")
    return code


def parse(comments: list[Comment]) -> Control:
    """The control words of all comments above one block. Raises ControlError."""
    words = _Words()
    for comment in comments:
        tokens = [
            (quoted or curly or bare, not bare) for quoted, curly, bare in _WORD.findall(_rest(comment))
        ]
        if not tokens:
            raise ControlError(f"no control word; known are: {WORDS}")
        while tokens:
            _take(tokens, words)
    return Control(**words.values)  # type: ignore[arg-type]


def _take(tokens: list[tuple[str, bool]], words: _Words) -> None:
    word, quoted = tokens.pop(0)
    if word == "fresh" and not quoted:
        words.put("fresh", True)
    elif word == "skip" and not quoted:
        if not tokens or not tokens[0][1] or not tokens[0][0].strip():
            raise ControlError('`skip` needs its reason in quotes: skip "why"')
        words.put("skip", tokens.pop(0)[0].strip())
    elif word == "raises" and not quoted:
        if not tokens or not re.fullmatch(r"[A-Za-z_][\w.]*", tokens[0][0]):
            raise ControlError("`raises` needs the name of an exception: raises ValueError")
        words.put("raises", tokens.pop(0)[0])
    elif word == "timeout" and not quoted:
        if not tokens or not re.fullmatch(r"\d{1,5}(\.\d+)?", tokens[0][0]) or not float(tokens[0][0]):
            raise ControlError("`timeout` needs seconds: timeout 20")
        words.put("timeout", float(tokens.pop(0)[0]))
    else:
        raise ControlError(f"unknown control word `{word}`; known are: {WORDS}")


def _rest(comment: Comment) -> str:
    found = _RUN.match(comment.text)
    return found["rest"] if found else ""
