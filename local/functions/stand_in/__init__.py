"""A folder for PYTHONPATH: it holds one module, which stands in for a compiled one."""
