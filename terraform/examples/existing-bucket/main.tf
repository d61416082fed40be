# A gallery of photos that are in a bucket already. It only reads them: docs/operations.md#adopt-a-bucket.
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
  region = "eu-west-1" # that of the bucket
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

module "gallery" {
  source = "../../modules/gallery" # git::https://…/gallery.git//terraform/modules/gallery?ref=<tag>

  account_id = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.id

  adopted_bucket = {
    name   = "our-family-photos"
    prefix = "photos/"                                        # the album is what follows
    owner  = "eu-west-1:1234abcd-12ab-34cd-56ef-1234567890ab" # the owner of all photos
  }
}

output "adopted_bucket_policy" {
  description = "Statements for the owner of the bucket, if that is another account."
  value       = module.gallery.adopted_bucket_policy
}

output "site_url" {
  description = "URL of the gallery."
  value       = module.gallery.site_url
}
