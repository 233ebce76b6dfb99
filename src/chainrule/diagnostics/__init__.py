"""Why a network learns as it does: a single weight's reason, two rules put to the test, an activation's design."""
