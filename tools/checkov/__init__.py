"""checkov on the Terraform plan of the deployment, minus waivers with reasons."""
