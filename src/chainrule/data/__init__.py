"""A user's data: tables of any kind read, columns and labels turned into rows of numbers and back, rows split and ordered."""

from chainrule.data.choices import Choices, kinds_as_they_stand
from chainrule.data.columns import Category, Column, Dates, Dropped, Number
from chainrule.data.dataset import (
    Dataset,
    as_dataset,
    epoch_order,
    known_targets,
    learnable,
    load_data,
    own_division,
    split_rows,
    step_sizes,
)
from chainrule.data.fingerprint import fingerprint
from chainrule.data.known import KNOWN
from chainrule.data.labels import class_numbers, class_of, encode_targets, find_labels, guess_task, target_of
from chainrule.data.overview import are_plain, overview
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.reading import read_table
from chainrule.data.shipped import SHIPPED
from chainrule.data.table import Table
from chainrule.data.values import Texts, Values, gaps

__all__ = [
    "KNOWN",
    "SHIPPED",
    "Category",
    "Choices",
    "Column",
    "Dataset",
    "Dates",
    "Dropped",
    "Number",
    "Preprocessing",
    "Table",
    "Texts",
    "Values",
    "are_plain",
    "as_dataset",
    "class_numbers",
    "class_of",
    "encode_targets",
    "epoch_order",
    "find_labels",
    "fingerprint",
    "gaps",
    "guess_task",
    "kinds_as_they_stand",
    "known_targets",
    "learnable",
    "load_data",
    "overview",
    "own_division",
    "read_table",
    "split_rows",
    "step_sizes",
    "target_of",
]
