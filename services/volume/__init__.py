"""The volume service: pools, exports and the steps between them."""
