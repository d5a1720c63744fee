"""Metal kernels on any machine: run them on the GPU of a Mac, or emulate the same text on a CPU.

`emulate` runs a kernel of any .metal file and says what is wrong with it; `Kernel` makes one of the house's
kernels callable; `explain_source` says what the kernels of a file read and write. Not emulated: textures
and samplers, ray tracing, mesh and render stages, argument buffers, Metal 4 tensors, weakly ordered memory,
the last bits of fast-math functions, the speed of any GPU.
"""

from kvist.metal.buffers import Input as Input
from kvist.metal.buffers import Output as Output
from kvist.metal.describe import explain_source as explain_source
from kvist.metal.emulate import Counters as Counters
from kvist.metal.emulate import Emulation as Emulation
from kvist.metal.emulate import emulate as emulate
from kvist.metal.files import kernel_path as kernel_path
from kvist.metal.kernel import Kernel as Kernel
from kvist.metal.launch import Launch as Launch
from kvist.metal.launch import whole_simdgroups as whole_simdgroups
from kvist.metal.reports import KINDS as KINDS
from kvist.metal.reports import Report as Report
