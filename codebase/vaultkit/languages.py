"""Which language a path is of: `X.md` is English and canonical, `X.zh.md` beside it its translation."""

ZH_SUFFIXES = (".zh.md", ".zh.ipynb")


def is_zh(path: str) -> bool:
    return path.lower().endswith(ZH_SUFFIXES)


def canonical(path: str) -> str:
    """Path of the English note of this path's pair, whether it exists or not."""
    if not is_zh(path):
        return path
    stem, _, ending = path.rpartition(".")
    return f"{stem[: -len('.zh')]}.{ending.lower()}"


def translated(path: str) -> str:
    """Path of the Chinese note of this path's pair, whether it exists or not."""
    stem, _, ending = path.rpartition(".")
    return path if is_zh(path) else f"{stem}.zh.{ending}"
