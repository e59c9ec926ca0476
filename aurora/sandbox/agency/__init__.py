"""An agency that holds data: authorization server, consent page and data endpoint."""
