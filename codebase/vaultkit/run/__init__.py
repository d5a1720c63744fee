"""Running the Python blocks of notes: once each, in order, outputs and figures compared.

`program` finds the blocks, `session` runs them, `report` words what failed; `plugin` does it under pytest,
`quick` without, `update` writes outputs back. Only `plugin` imports pytest.
"""
