"""Serving while the vault changes: what a change touches is staged and rendered again, nothing else."""
