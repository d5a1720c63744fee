"""Validity of Metal Shading Language texts, told without Apple's compiler."""

from kvist.metal.lint.check import Linted as Linted
from kvist.metal.lint.check import lint as lint
from kvist.metal.lint.problems import Problem as Problem
