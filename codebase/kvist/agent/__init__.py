"""Agents: tools that a model may call, and the bounded loop around them."""

from kvist.agent.loop import run_agent as run_agent
from kvist.agent.tools import Tool as Tool
from kvist.agent.tools import parse_call as parse_call
