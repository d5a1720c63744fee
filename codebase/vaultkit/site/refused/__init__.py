"""What a build refuses and the lint does not look for, found without building."""

from vaultkit.site.refused.all import refused

__all__ = ["refused"]
