"""The tools of the vault: parse, resolve, check, run, stage."""
