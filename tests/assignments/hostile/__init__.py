"""Submissions that mean harm: each a few lines that somebody might write in place of an answer."""
