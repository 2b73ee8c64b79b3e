"""A running JupyterLab, and a page in which everything is noted."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page


@dataclass
class Lab:
    """A running JupyterLab."""

    root: Path
    port: int
    token: str

    def url(self, path: str) -> str:
        """The address of a page of it, with the token."""
        return f"http://127.0.0.1:{self.port}/{path}{'&' if '?' in path else '?'}token={self.token}"


@dataclass
class Watched:
    """A page, and what went on in it that nobody sees."""

    page: Page
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
