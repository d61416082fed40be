# Two galleries of one team, beside resources that the team has already: a key, a permissions boundary, a
# provider of its own, and an order among all of them.
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
  alias  = "photos"
  region = "eu-west-1"
}

data "aws_caller_identity" "current" {
  provider = aws.photos
}

data "aws_region" "current" {
  provider = aws.photos
}

# Whatever has to be there before a gallery.
resource "terraform_data" "approval" {
  input = var.approval
}

module "gallery" {
  source   = "../../modules/gallery"
  for_each = var.galleries

  account_id = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.id
  name       = each.key

  alarm_email              = "photos@example.com"
  alarms                   = each.value.alarms
  budget                   = { usd_per_month = 50, tag = { key = "Team", value = "photos" } }
  client                   = each.value.client
  site                     = each.value.site
  kms_key_arn              = var.kms_key_arn
  logs_kms_key_arn         = var.kms_key_arn
  logs_transition_days     = { STANDARD_IA = 30 }
  log_retention_days       = 90
  permissions_boundary_arn = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:policy/boundary"
  photos_transition_days   = { STANDARD_IA = 30, GLACIER_IR = 180 }
  queue_kms_key_arn        = var.kms_key_arn
  role_path                = "/teams/photos/"
  tags                     = { Team = "photos" }
  topic_kms_key_arn        = each.value.alarms ? var.kms_key_arn : null

  providers = {
    aws = aws.photos
  }

  depends_on = [terraform_data.approval]
}
