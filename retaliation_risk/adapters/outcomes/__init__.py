"""Acts that others recorded (reviews, posts, complaints to a regulator, chargebacks), joined to the customers of tables.

The file is described by a mapping, see :mod:`_file`. A post (as any such act is called here) is its customer's by id, by the
keyed hash of its e-mail address, or by a probable match, see :mod:`linkage`; in this order, and what is not certain enough
stays apart. What comes out are the tables that went in, with rows added to ``outcomes``; of a post's text and author, and of
the contacts, nothing is kept.
"""

from __future__ import annotations

from retaliation_risk.adapters.outcomes._read import detect, read

__all__ = ["detect", "read"]
