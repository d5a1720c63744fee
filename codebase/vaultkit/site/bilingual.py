"""Names that stand once for both languages, such as those of a base's views: `Planned · 待写`."""

import re

from vaultkit.site.paths import Language

_HAN = re.compile(r"[\u3400-\u9fff]")
_BETWEEN = " · "


def in_language(name: str, language: Language) -> str:
    """Of a name with one ` · `, Chinese on one side of it and none on the other, the side in this language;
    any other name as it is.
    """
    sides = name.split(_BETWEEN)
    chinese = [side for side in sides if _HAN.search(side)]
    if len(sides) != 2 or len(chinese) != 1 or not all(side.strip() for side in sides):
        return name
    return next(side for side in sides if (side in chinese) == (language == "zh")).strip()
