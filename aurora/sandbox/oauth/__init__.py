"""The parts of OAuth 2.0 that the e-ID and the agencies share: one module a concern, the clause cited at the check."""
