"""The hospital: an agency that holds surgeons' assessments, and the owner of a model that it trains on its own synthetic patients."""
