"""The graph of a vault: its notes, the links between them, and a place for each in a drawing."""
