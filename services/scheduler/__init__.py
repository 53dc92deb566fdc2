"""Where a new instance goes: filters refuse hosts with a reason, a driver picks among the rest."""
