"""Control comments: `<!-- run: skip "why" -->` and its kin on the line above a fence."""

import re
from importlib import import_module
from typing import NamedTuple

from vaultkit.lines import Comment

WORDS = 'skip "why", raises NAME ["message"], requires NAME, setup, timeout SECONDS, fresh'
_NAMES = ("skip", "raises", "requires", "setup", "timeout", "fresh")
_NEAR = {"xfail": "raises", "needs": "requires", "notest": "skip", "ignore": "skip", "hidden": "setup"}

_RUN = re.compile(r"\s*run\s*:(?P<rest>.*)\Z", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][\w.]*")
_WORD = re.compile(r'\s*(?:"([^"\n]*)"|“([^”\n]*)”|(\S+))')


class ControlError(ValueError):
    """A control comment that cannot be understood; the text says why."""


class Control(NamedTuple):
    """What the comments above a block ask for; the default is a plain block.

    `message` must stand in what the block raises. `requires` names what must be there, or it is skipped.
    """

    skip: str = ""
    raises: str = ""
    message: str = ""
    requires: tuple[str, ...] = ()
    timeout: float | None = None
    fresh: bool = False


class _Words:
    def __init__(self) -> None:
        self.values: dict[str, object] = {}

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
    argument, argument_quoted = tokens[0] if tokens else ("", False)
    if word == "fresh" and not quoted:
        words.put("fresh", True)
    elif word == "skip" and not quoted:
        if not argument_quoted or not argument.strip():
            raise ControlError('`skip` needs its reason in quotes: skip "why"')
        words.put("skip", tokens.pop(0)[0].strip())
    elif word == "raises" and not quoted:
        if argument_quoted or not re.fullmatch(_NAME, argument):
            raise ControlError("`raises` needs the name of an exception: raises ValueError")
        words.put("raises", tokens.pop(0)[0])
        if tokens and tokens[0][1]:
            words.put("message", tokens.pop(0)[0])
    elif word == "requires" and not quoted:
        if argument_quoted or not re.fullmatch(_NAME, argument):
            raise ControlError("`requires` needs a module's name, `metal` or `extension`: requires torch")
        before = words.values.get("requires", ())
        words.values["requires"] = (*before, tokens.pop(0)[0])  # type: ignore[misc]
    elif word == "timeout" and not quoted:
        if not re.fullmatch(r"\d{1,5}(\.\d+)?", argument) or argument_quoted or not float(argument):
            raise ControlError("`timeout` needs seconds: timeout 20")
        words.put("timeout", float(tokens.pop(0)[0]))
    else:
        raise ControlError(_unknown(word))


def _unknown(word: str) -> str:
    if word == "setup":
        return "`setup` stands alone, its code below it inside the comment"
    close_matches = import_module("difflib").get_close_matches  # dear to import, and seldom needed
    near = close_matches(word.lower(), _NAMES, n=1, cutoff=0.5)
    close = _NEAR.get(word.lower()) or (near[0] if near else "")
    guess = f" (did you mean `{close}`?)" if close else ""
    return f"unknown control word `{word}`{guess}; known are: {WORDS}"


def _rest(comment: Comment) -> str:
    found = _RUN.match(comment.text)
    return found["rest"] if found else ""
