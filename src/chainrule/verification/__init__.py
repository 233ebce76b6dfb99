"""Roads to a gradient that share no code with the river, and what to say when two of them differ."""
