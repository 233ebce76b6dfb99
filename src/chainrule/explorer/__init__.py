"""The explorer: one HTML page in which a network's weights are moved by hand, and everything follows."""
