"""The lessons as pages to read without installing anything: static HTML, no scripts, no network."""

from autograder.book.pages import write_book

__all__ = ["write_book"]
