"""`kvist metal`: run, explain and check Metal kernels from the command line."""

from kvist.metal.cli.commands import add_metal as add_metal
