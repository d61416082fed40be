# A private bucket: encryption, versions, lifecycle, CORS, access logs, and its policy.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}
