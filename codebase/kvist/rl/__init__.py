"""Learning from rewards."""

from kvist.rl.bandit import train_bandit as train_bandit
from kvist.rl.grpo import group_advantage as group_advantage
from kvist.rl.grpo import grpo_loss as grpo_loss
from kvist.rl.grpo import kl_k3 as kl_k3
from kvist.rl.policy import output_logprobs as output_logprobs
from kvist.rl.policy import sample_outputs as sample_outputs
