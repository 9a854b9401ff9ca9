"""Which blocks of the pages the base template doesn't show, found without rendering."""

from collections.abc import Sequence
from typing import Any

from django.template import Context, TemplateDoesNotExist, TemplateSyntaxError
from django.template.base import Template
from django.template.loader import get_template
from django.template.loader_tags import BlockNode, ExtendsNode

from feed.rendering import site_base

NAME = "feed/base.html"
PAGE_BLOCKS = {"title", "connection", "feed"}
"""The blocks that the pages fill."""
OPTIONAL = {"head"}
"""Blocks that are filled where they are, and not missed elsewhere."""


def blocks_not_shown() -> set[str]:
    """The blocks that feed/base.html or a page fills, and no template above it has. Empty if that can't be known."""
    try:
        found: Any = get_template(NAME)
        chain = _chain([found.template])
    except (TemplateDoesNotExist, TemplateSyntaxError):
        return set()
    lacking = PAGE_BLOCKS - _blocks(chain)
    for number, template in enumerate(chain[:-1], start=1):
        if template.name == NAME:  # a project's own may extend ours
            lacking |= _outer_blocks(template) - _blocks(chain[number:])
    return lacking - OPTIONAL


def _chain(seen: list[Template]) -> list[Template]:
    """These templates, and all that the last one extends. Raises TemplateDoesNotExist, also if only a view knows it."""
    for node in seen[-1].nodelist.get_nodes_by_type(ExtendsNode):
        engine = seen[-1].engine
        context = Context({"site_base": site_base(engine)})
        parent = node.parent_name.resolve(context, ignore_failures=True)  # type: ignore[attr-defined]
        if not isinstance(parent, Template):
            # As Django does it: a template may extend another one of the same name.
            parent, _ = engine.find_template(str(parent), skip=[template.origin for template in seen])
        return _chain([*seen, parent])
    return seen


def _blocks(templates: Sequence[Template]) -> set[str]:
    nodes = (node for template in templates for node in template.nodelist.get_nodes_by_type(BlockNode))
    return {node.name for node in nodes}  # type: ignore[attr-defined]


def _outer_blocks(template: Template) -> set[str]:
    """The blocks directly inside `extends`: they are shown where a template above has them."""
    extends = template.nodelist.get_nodes_by_type(ExtendsNode)
    return {child.name for node in extends for child in node.nodelist if isinstance(child, BlockNode)}  # type: ignore[attr-defined]
