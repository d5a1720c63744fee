"""Serving: which request computes how many tokens in the next step."""

from kvist.serve.batching import continuous_batching_steps as continuous_batching_steps
from kvist.serve.batching import static_batching_steps as static_batching_steps
from kvist.serve.scheduler import Request as Request
from kvist.serve.scheduler import Scheduler as Scheduler
