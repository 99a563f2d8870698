"""A tap and a target as the SDK's own template makes them, for comparison."""
