"""Cards of the notes, asked again when they are about to be forgotten (FSRS)."""
