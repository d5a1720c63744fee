"""One small exercise a topic: a function to write, and a short check that compares it with the engine's own.

Each folder holds `starter.py`, which the learner copies and fills, and `check.py`, whose functions `check_…`
take the learner's module and raise AssertionError with a message that helps. `vaultkit try "KV cache"` runs
them.
"""
