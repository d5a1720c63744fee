"""From machine addresses of a compiled kernel to lines of its Metal source."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kvist.metal.files import SHIM

_NOT_THE_KERNEL = ("kvist_entry", "??")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a source file."""

    file: str
    line: int


def lines_of(program: Path, stacks: Sequence[Sequence[int]]) -> list[Place | None]:
    """For each stack of return addresses, innermost first, the first line that is the kernel's own.

    Through addr2line of binutils (which comes with g++) or LLVM; None where neither is there.
    """
    addresses = [address for stack in stacks for address in stack if address]
    tool = shutil.which("addr2line") or shutil.which("llvm-addr2line")
    if not addresses or tool is None:
        return [None] * len(stacks)
    command = [tool, "-a", "-i", "-e", str(program), *(hex(address - 1) for address in addresses)]
    done = subprocess.run(command, capture_output=True, text=True)
    blocks = re.split(r"^0x[0-9a-fA-F]+\n", done.stdout, flags=re.MULTILINE)[1:]
    if len(blocks) != len(addresses):
        return [None] * len(stacks)
    places = iter([_first_of_kernel(block) for block in blocks])
    found: list[Place | None] = []
    for stack in stacks:
        own = [next(places) for address in stack if address]
        found.append(next((place for place in own if place is not None), None))
    return found


def _first_of_kernel(block: str) -> Place | None:
    for line in block.splitlines():  # innermost inlined call first
        file, _, rest = line.rpartition(":")
        number = rest.split(" ")[0]
        name = Path(file).name
        inside_runtime = file.startswith((str(SHIM), "/usr/")) or name in _NOT_THE_KERNEL
        if number.isdigit() and int(number) > 0 and not inside_runtime:
            return Place(file, int(number))
    return None
