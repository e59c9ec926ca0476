"""Sources that push: an agency sends signed batches of answers by itself, instead of being asked."""
