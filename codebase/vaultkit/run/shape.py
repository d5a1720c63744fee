"""What the text of a note tells without running it: its blocks, its skips, what they require, its key."""

from vaultkit.run.cache import RunCache
from vaultkit.run.notereport import Skip
from vaultkit.run.reading import Reading
from vaultkit.run.requirements import present


def learn_shape(cache: RunCache, path: str, file: str, reading: Reading) -> None:
    """Take over what was read of a note that the cache does not know in its present state."""
    now = cache.fingerprints.file(file)
    if reading.text is None or reading.problems:
        cache.texts[path] = [now, None, 0, [], {}]
        return
    if reading.digest != now:
        return  # edited just now
    program = reading.program
    required = {name: present(name) for block in program.blocks for name in block.control.requires}
    # A note without blocks has no verdict, unless it shows Python that would never run.
    if program.problems and not program.silent:
        cache.texts[path] = [now, None, 0, [], required]
    else:
        skipped = [Skip(block.line, block.control.skip) for block in program.blocks if block.control.skip]
        key = reading.key
        cache.texts[path] = [now, key, len(program.blocks), skipped, required]
    cache.changed = True
