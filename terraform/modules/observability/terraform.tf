# Alarms with their topic, the dashboard, and the watch of photos that stay PROCESSING.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}
