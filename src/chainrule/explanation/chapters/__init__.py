"""The figures of the texts, a file each: every one takes a network and one of its examples, and gives a scene."""
