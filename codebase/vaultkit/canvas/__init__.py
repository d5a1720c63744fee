"""JSON Canvas 1.0 (obsidianmd/jsoncanvas, spec/1.0.md): `.canvas` files read, checked, written, drawn."""
