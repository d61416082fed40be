"""MiniStack, with its faults worked around that would hide ours."""
