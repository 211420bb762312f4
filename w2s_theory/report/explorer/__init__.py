"""The live explorer: one page on which a truth, a teacher and a student are dragged."""
