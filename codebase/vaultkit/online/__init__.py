"""Links that leave the vault, asked whether they still answer: on command, never in a build or a test."""
