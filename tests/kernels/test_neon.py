"""Guards the NEON lanes, in an emulator: where a cross-compiler and qemu are installed."""

import re
import subprocess
import sys

import pytest

from kvist.metal.files import checkout_root


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_neon_gives_the_bits_of_the_portable_lanes():
    script = checkout_root() / "scripts" / "check_neon.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    if done.returncode == 3:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"neon as portable: \d{4,} values compared", done.stdout)) == 2
