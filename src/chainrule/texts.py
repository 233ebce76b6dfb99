"""The five texts this library follows: title, author, link, what each is about, and the name of its way of writing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """One of them. Its ideas are numbered after its `id` (S2.13); `name` is that of its convention, `short` the short form.

    title   its own, and with `part` the chapter, file or folder in it
    author  who wrote it, as far as we know
    link    where to read it; empty for the article, of which we know no public address
    about   what it teaches, in one sentence
    """

    name: str
    short: str
    title: str
    part: str
    author: str
    link: str
    about: str

    @property
    def id(self) -> str:
        """S0 … S4."""
        return self.short.upper()


TEXTS = (
    Text(
        "article", "s0", "Backpropagation calculus", "",
        "an article after 3Blue1Brown's videos; its author is not known to us", "",
        "It derives the gradient of one example's cost, layer by layer, with every index written out.",
    ),
    Text(
        "3blue1brown", "s1", "Backpropagation calculus", "Deep Learning, chapter 5", "3Blue1Brown",
        "https://www.3blue1brown.com/lessons/backpropagation-calculus",
        "It follows a small nudge of one weight through a chain of single neurons to the cost.",
    ),
    Text(
        "nielsen", "s2", "Neural Networks and Deep Learning", "chapter 2", "Michael Nielsen",
        "http://neuralnetworksanddeeplearning.com/chap2.html",
        "It defines the error δ of a neuron and proves the four equations, BP1 to BP4, on which this library is built.",
    ),
    Text(
        "cs231n", "s3", "Backpropagation derivation", "backprop-derivation.md", "the course CS231n at Stanford",
        "https://github.com/cs231n/cs231n.github.io",
        "It draws a network as a circuit of add, multiply and activation gates, each with a local rule.",
    ),
    Text(
        "3h4", "s4", "The backpropagation tutorial", "folder Backprop", "3h4/tutorials",
        "https://github.com/3h4/tutorials",
        "It goes from a single weight to matrices, batches and a training algorithm of six steps.",
    ),
)  # fmt: skip
NAMES = tuple(text.name for text in TEXTS)
SHORT = {text.short: text.name for text in TEXTS} | {"3b1b": "3blue1brown"}


def named(name: str) -> str:
    """The convention's full name for any way of writing it: s2, S2 and Nielsen are nielsen; others come back as they are."""
    return SHORT.get(name.strip().lower(), name.strip().lower())
