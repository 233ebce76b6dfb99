"""Tables as users have them: shipped sets, files and data frames, read into typed columns."""

from chainrule.tables.columns import Texts, Values, gaps
from chainrule.tables.reading import read_table
from chainrule.tables.shipped import SHIPPED
from chainrule.tables.table import Table

__all__ = ["SHIPPED", "Table", "Texts", "Values", "gaps", "read_table"]
