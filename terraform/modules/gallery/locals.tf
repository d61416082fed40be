# ARNs are composed from names, not read from resources, so that a plan shows each policy in full
# before any resource exists. The names come from variables, not from data sources: with depends_on on the
# module, Terraform reads data sources only during the apply, and buckets with unknown names would be replaced.
locals {
  account_id = var.account_id
  region     = var.region

  # The partition of a region, and the domain of its endpoints, by the beginning of the region's name.
  partitions = {
    cn      = { name = "aws-cn", dns_suffix = "amazonaws.com.cn" }
    eu-isoe = { name = "aws-iso-e", dns_suffix = "cloud.adc-e.uk" }
    eusc    = { name = "aws-eusc", dns_suffix = "amazonaws.eu" }
    us-gov  = { name = "aws-us-gov", dns_suffix = "amazonaws.com" }
    us-iso  = { name = "aws-iso", dns_suffix = "c2s.ic.gov" }
    us-isob = { name = "aws-iso-b", dns_suffix = "sc2s.sgov.gov" }
    us-isof = { name = "aws-iso-f", dns_suffix = "csp.hci.ic.gov" }
  }
  partition_regex = "^(${join("|", keys(local.partitions))})-"
  aws = lookup(local.partitions, try(one(regex(local.partition_regex, var.region)), ""), {
    name = "aws", dns_suffix = "amazonaws.com"
  })
  partition  = local.aws.name
  dns_suffix = local.aws.dns_suffix

  deployment = {
    account_id               = local.account_id
    dns_suffix               = local.dns_suffix
    partition                = local.partition
    region                   = local.region
    log_kms_key_arn          = var.logs_kms_key_arn
    permissions_boundary_arn = var.permissions_boundary_arn
    role_path                = var.role_path
    tags                     = var.tags
  }

  # Bucket names are unique across all AWS accounts, so they contain account and region.
  bucket_suffix = "${local.account_id}-${local.region}"
  bucket_names = {
    photos  = local.is_adopted ? var.adopted_bucket.name : "${var.name}-photos-${local.bucket_suffix}"
    derived = "${var.name}-derived-${local.bucket_suffix}"
    logs    = "${var.name}-logs-${local.bucket_suffix}"
    shares  = "${var.name}-shares-${local.bucket_suffix}"
    site    = "${var.name}-site-${local.bucket_suffix}"
  }
  bucket_arns = { for key, name in local.bucket_names : key => "arn:${local.partition}:s3:::${name}" }

  s3_service = "s3.${local.region}.${local.dns_suffix}" # the value of kms:ViaService

  table_name = coalesce(var.table_name, var.name)
  table_arn  = "arn:${local.partition}:dynamodb:${local.region}:${local.account_id}:table/${local.table_name}"
  # Keys and indexes. The embedded AWS in local/ reads the same file.
  table_schema = jsondecode(file("${local.workflow_path}/table.json"))

  functions      = toset(["extract", "thumbnail", "tag"])
  function_names = { for key in local.functions : key => "${var.name}-${key}" }
  function_arns = {
    for key, name in local.function_names :
    key => "arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${name}"
  }

  state_machine_name = var.name
  state_machine_arn  = "arn:${local.partition}:states:${local.region}:${local.account_id}:stateMachine:${local.state_machine_name}"
  executions_arn     = "arn:${local.partition}:states:${local.region}:${local.account_id}:execution:${local.state_machine_name}:*"
}

# The provider must be of this account and region.
data "aws_caller_identity" "current" {
  lifecycle {
    postcondition {
      condition     = self.account_id == var.account_id
      error_message = "account_id is ${var.account_id}, but the provider of the module works in ${self.account_id}."
    }
  }
}

data "aws_region" "current" {
  lifecycle {
    postcondition {
      condition     = self.id == var.region
      error_message = "region is ${var.region}, but the provider of the module works in ${self.id}."
    }
  }
}
