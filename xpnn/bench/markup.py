"""HTML that is well-formed XML too; whatever comes from outside goes through `escape`."""

import html
import re
from collections.abc import Sequence

__all__ = ["element", "escape", "make_table"]

_UNPRINTABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: str) -> str:
    """Make `text` harmless inside an element or an attribute; characters that no document may hold become U+FFFD.

    >>> escape('<b a="1">')
    '&lt;b a=&quot;1&quot;&gt;'
    """
    return html.escape(_UNPRINTABLE.sub("\ufffd", text))


def element(name: str, content: str = "", **attributes: str) -> str:
    """Put `content`, which is markup already, between tags; ``class_`` and ``aria_hidden`` stand for their HTML names.

    >>> element("p", "text", class_="note")
    '<p class="note">text</p>'
    """
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{given}>{content}</{name}>"


def make_table(rows: Sequence[Sequence[str]], caption: str) -> str:
    """Turn a heading and rows of text into a table."""
    header, *body = rows
    head = element("tr", "".join(element("th", escape(cell), scope="col") for cell in header))
    lines = "".join(element("tr", "".join(element("td", escape(cell)) for cell in row)) for row in body)
    table = element("caption", escape(caption)) + element("thead", head) + element("tbody", lines)
    return element("div", element("table", table), class_="scroll", tabindex="0", role="region", aria_label=caption)
