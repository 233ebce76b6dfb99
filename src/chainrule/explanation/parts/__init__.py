"""What chapters are put together from: what they show, worked out, and pieces that are drawn."""
