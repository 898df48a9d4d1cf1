"""What stands in the cells of the desk's tables and pages."""

from django.utils.html import format_html
from django.utils.safestring import SafeString


def link(url: str, text: str, *, in_one_line: bool = False) -> SafeString:
    """Return the text as a link, as the desk shows all of them."""
    more = " whitespace-nowrap" if in_one_line else ""
    return format_html('<a class="text-link{}" href="{}">{}</a>', more, url, text)
