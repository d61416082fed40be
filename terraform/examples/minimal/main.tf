# A gallery with the defaults. Push its images first: docs/terraform.md.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

module "gallery" {
  source = "../../modules/gallery" # git::https://…/gallery.git//terraform/modules/gallery?ref=<tag>

  account_id = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.id
}

output "site_url" {
  description = "URL of the gallery."
  value       = module.gallery.site_url
}
