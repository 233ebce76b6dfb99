"""Quizzes: read from a text, made from a live network, graded."""
