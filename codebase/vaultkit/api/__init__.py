"""The engine's public names, read from its sources and never by importing it, and which notes run them."""
