"""What lies between a user's terms and the network's: columns of any kind in; labels, or numbers with units, out."""

from chainrule.preprocessing.choosing import Choices, kinds_as_they_stand
from chainrule.preprocessing.kinds import Category, Column, Dates, Dropped, Number
from chainrule.preprocessing.labels import class_numbers, class_of, find_labels, guess_task, target_of
from chainrule.preprocessing.overview import are_plain, overview
from chainrule.preprocessing.preprocessing import Preprocessing

__all__ = [
    "Category",
    "Choices",
    "Column",
    "Dates",
    "Dropped",
    "Number",
    "Preprocessing",
    "are_plain",
    "class_numbers",
    "class_of",
    "find_labels",
    "guess_task",
    "kinds_as_they_stand",
    "overview",
    "target_of",
]
