"""Data sets of events and claims: UCDP, ACLED, GDELT, schema.org, ninjs."""
