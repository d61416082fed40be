data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

# ARNs are composed from names, not read from resources, so that a plan shows each policy in full
# before any resource exists.
locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.id

  # Bucket names are unique across all AWS accounts, so they contain account and region.
  bucket_suffix = "${local.account_id}-${local.region}"
  bucket_names = {
    photos  = "${var.name}-photos-${local.bucket_suffix}"
    derived = "${var.name}-derived-${local.bucket_suffix}"
    logs    = "${var.name}-logs-${local.bucket_suffix}"
    shares  = "${var.name}-shares-${local.bucket_suffix}"
    site    = "${var.name}-site-${local.bucket_suffix}"
  }
  bucket_arns = { for key, name in local.bucket_names : key => "arn:${local.partition}:s3:::${name}" }

  s3_service = "s3.${local.region}.${data.aws_partition.current.dns_suffix}" # the value of kms:ViaService

  table_name = var.name
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
