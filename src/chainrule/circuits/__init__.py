"""Real-valued circuits of simple gates: values forward, gradients backward (S3)."""
