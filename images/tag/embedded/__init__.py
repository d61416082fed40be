"""A label model that runs inside the function, without a cloud service."""
