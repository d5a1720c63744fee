"""Labs: Jupyter notebooks of the vault, read as notes and written back with their outputs."""
