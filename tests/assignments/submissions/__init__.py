"""What students might hand in for each assignment, as edits of its solution: data alone."""
