"""Shared by every test: what the machine must look like before the engine is imported."""

import os
import signal

from hypothesis import HealthCheck, settings

# mx.compile calls a C++ compiler for each fused kernel on Linux, at 0.8 s a kernel.
os.environ.setdefault("MLX_DISABLE_COMPILE", "1")

# Notes and notebooks under tests/ are input for tests, not there to run.
collect_ignore_glob = ["*.md", "*.ipynb"]

# A busy machine is not a failure, and a run in CI is the same run every time.
settings.register_profile(
    "kvist", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", settings.get_profile("kvist"), max_examples=25)
settings.load_profile("quick" if os.environ.get("KVIST_QUICK") else "kvist")

# A shell that starts this run in the background makes it ignore Ctrl-C, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
