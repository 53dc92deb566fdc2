"""Guests: what the hypervisor runs, made to agree with the instance rows."""
