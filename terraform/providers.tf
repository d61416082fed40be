variable "region" {
  type        = string
  description = "AWS region. null: the region in AWS_REGION or in the profile."
  default     = null
}

variable "tags" {
  type        = map(string)
  description = "Tags of all resources, in addition to Application."
  default     = {}
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge({ Application = var.name }, var.tags)
  }
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}
