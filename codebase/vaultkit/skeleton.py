"""The skeleton of a concept note: its fixed headings in order, in both languages, and the text of a new
pair.
"""

import yaml

HEADINGS: tuple[tuple[str, str], ...] = (
    ("Overview", "概述"),
    ("Why It Matters", "为什么重要"),
    ("Key Ideas", "核心思想"),
    ("Mathematical Details", "数学细节"),
    ("Implementation Notes", "实现说明"),
    ("Common Pitfalls", "常见陷阱"),
    ("What this note does not cover", "本笔记不涉及"),
    ("Self-check", "自测"),
    ("Resources", "参考资料"),
)

_ENGLISH = """\
---
aliases: [{aliases}]
tags: []
kind: concept
tier: 2
area: inference
prerequisites: []
mastery: none
status: draft
hours: 1
created: {today}
sources: []
---
# {title}

> [!abstract] One claim with a number
> …

[[{title}.zh|中文]]
"""

_CHINESE = """\
---
title: {quoted}
lang: zh
---
# {zh}

> [!abstract] 一个带数字的论断
> …

[[{title}|English]]
"""

_SESSION = """\
---
kind: session
date: {day}
---
# {day}

## What I did

<!-- A line counts for the notes that it links: - [[KV cache]] wrote a test [minutes:: 45] -->

- 

## Struggles

- 

## Insights

- 

## Questions

- 
"""

_CLAIM = {"Key Ideas": "### A claim, as a sentence", "核心思想": "### 一句话的论断"}
_CARDS = "#flashcards/inference"
# Lines that `new` writes for the author to replace, and those that may stay beside what is written.
PLACEHOLDERS_OF_TEXT = frozenset({
    "> [!abstract] One claim with a number", "> [!abstract] 一个带数字的论断", "> …", *_CLAIM.values(),
})  # fmt: skip
PLACEHOLDERS = PLACEHOLDERS_OF_TEXT | {_CARDS}


def english_note(title: str, zh: str, today: str) -> str:
    """Text of a new English note; its Chinese name, if there is one, becomes an alias."""
    aliases = quoted(zh, flow=True) if zh else ""
    head = _ENGLISH.format(title=title, aliases=aliases, today=today)
    return head + _sections([en for en, _ in HEADINGS])


def chinese_note(title: str, zh: str) -> str:
    """Text of a new Chinese note, pair of the English note `title`."""
    return _CHINESE.format(title=title, zh=zh, quoted=quoted(zh)) + _sections([zh for _, zh in HEADINGS])


def session_note(day: str) -> str:
    """Text of a new page of the study log, as Obsidian's daily notes make it from templates/Session.md."""
    return _SESSION.format(day=day)


def quoted(text: str, *, flow: bool = False) -> str:
    """A text as one YAML scalar on one line; `flow` also keeps commas and brackets safe inside a list."""
    value = [text] if flow else text
    dumped = yaml.safe_dump(value, allow_unicode=True, width=10_000, default_flow_style=flow)
    return dumped.strip()[1:-1] if flow else dumped.splitlines()[0]


def _sections(names: list[str]) -> str:
    parts = []
    for name in names:
        parts.append(f"\n## {name}\n")
        if name in _CLAIM:
            parts.append(f"\n{_CLAIM[name]}\n")
        elif name in ("Self-check", "自测"):
            parts.append(f"\n{_CARDS}\n")
    return "".join(parts)
