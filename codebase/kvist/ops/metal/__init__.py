"""Calls of the Metal kernels: for each version of a ladder its grid, its threadgroups and its buffers."""
