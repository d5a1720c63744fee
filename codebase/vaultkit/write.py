"""Write a file whole or not at all."""

import os
from contextlib import suppress
from itertools import count

_numbers = count()


def write_atomic(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace `path` by `data` in one step; its permissions stay, a crash leaves the old file as it was."""
    target = os.path.abspath(path)
    folder, name = os.path.split(target)
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{name[:40]}.{os.getpid()}.{next(_numbers)}.part")
    try:
        mode = os.stat(target).st_mode & 0o777
    except OSError:
        mode = 0o644
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
