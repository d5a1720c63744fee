"""Rename or move a note with its language pair, and rewrite every link as Obsidian would."""

from vaultkit.rename.plan import Plan, plan_rename

__all__ = ["Plan", "plan_rename"]
