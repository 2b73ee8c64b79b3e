"""Verdicts into words: the one place where they are worded, and the one place where they become HTML."""
