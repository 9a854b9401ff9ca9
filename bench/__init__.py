"""Measures Rill beside its alternatives and beside the fastest possible servers. Run it with `script/bench`."""
