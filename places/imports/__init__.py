"""Gazetteers and code lists that make places: GeoNames, OCHA P-codes, ISO 3166-2."""
