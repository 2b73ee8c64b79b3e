"""Markdown to HTML whose formulas are MathML, which browsers set by themselves: no script, no network."""

from __future__ import annotations

from typing import Any

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


class MathMLRenderer(IPythonRenderer):
    """nbconvert's renderer, with formulas set instead of left to MathJax."""

    def block_math(self, body: str) -> str:
        formula = convert(body.strip(), display="block")
        return f'<div class="formula" tabindex="0">{formula}</div>\n'  # a wide one scrolls, by keyboard too

    def inline_math(self, body: str) -> str:
        return str(convert(body.strip()))

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")


class MathMLExporter(HTMLExporter):
    """nbconvert's HTML exporter, with formulas as MathML."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        return markdown(source)


def markdown(source: str) -> str:
    """Markdown as HTML.

    Args:
        source: Markdown of ours; its HTML is passed through.

    Example:
        >>> "<msqrt>" in markdown("the root $\\\\sqrt{x}$")
        True
    """
    html: str = MarkdownWithMath(renderer=MathMLRenderer(escape=False, exclude_anchor_links=True)).render(source)
    return html
