"""What checkov finds in the plan of the deployment, and what of it is waived, with reasons."""
