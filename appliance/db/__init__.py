"""All SQL of the control plane: one module a table (plural), noun then verb at the call."""
