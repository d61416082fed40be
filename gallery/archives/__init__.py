"""Archives: where photos come from, and what is said of them there. base.py has the port."""
