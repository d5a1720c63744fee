"""The subcommands of `vaultkit`, one group per file, each with a table COMMANDS."""
