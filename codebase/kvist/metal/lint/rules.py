"""The list of rules, in the order in which a reader meets them."""

from collections.abc import Callable, Iterator

from kvist.metal.lint.atomics import check_atomic_writes, check_atomics
from kvist.metal.lint.attributes import check_attribute_names, check_kernel_parameters
from kvist.metal.lint.casts import check_casts
from kvist.metal.lint.functions import check_recursion
from kvist.metal.lint.kernels import check_instantiations, check_kernel_forms, check_marks
from kvist.metal.lint.matrices import check_matrices
from kvist.metal.lint.pointers import check_const_writes, check_pointers
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.specialised import check_function_constants
from kvist.metal.lint.storage import check_threadgroup_size
from kvist.metal.lint.unit import Unit
from kvist.metal.lint.variables import check_globals, check_locals
from kvist.metal.lint.words import check_lambdas, check_literals, check_words

RULES: tuple[Callable[[Unit], Iterator[Problem]], ...] = (
    check_words,
    check_literals,
    check_lambdas,
    check_attribute_names,
    check_kernel_forms,
    check_marks,
    check_kernel_parameters,
    check_instantiations,
    check_pointers,
    check_const_writes,
    check_globals,
    check_locals,
    check_recursion,
    check_casts,
    check_atomics,
    check_atomic_writes,
    check_threadgroup_size,
    check_function_constants,
    check_matrices,
)
