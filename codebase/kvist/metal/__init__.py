"""Metal kernels on any machine: run them on the GPU of a Mac, or emulate the same text on a CPU."""

from kvist.metal.bind import Output as Output
from kvist.metal.emulate import Counters as Counters
from kvist.metal.emulate import Emulation as Emulation
from kvist.metal.emulate import emulate as emulate
from kvist.metal.files import kernel_path as kernel_path
from kvist.metal.kernel import Kernel as Kernel
