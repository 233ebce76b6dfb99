"""Methods to compute a gradient that share no code with backpropagation, and what to say when two of them differ."""
