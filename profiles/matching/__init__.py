"""Whom each record means, what it changes and why it is refused (rules 2).

Pure: drafts and everything known about their keys in, the whole plan out.
"""

from profiles.matching.planning import plan

__all__ = ["plan"]
