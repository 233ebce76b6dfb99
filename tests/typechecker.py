"""Beartype as the tests use it: an int is a float, as in signatures everywhere (PEP 484)."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
