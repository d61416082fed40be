locals {
  # A policy variable of IAM's: the identity that calls. It is also the owner's name in keys and in
  # the table, so that nobody reaches what is another's.
  caller = "$${cognito-identity.amazonaws.com:sub}"
}

# What somebody who has signed in may do. Nothing is listed in S3: the table says what there is.
data "aws_iam_policy_document" "client" {
  statement {
    sid = "UploadOwnPhotos"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = ["${local.bucket_arns.photos}/uploads/${local.caller}/*"]
  }

  # Deleting leaves a version behind, which the lifecycle of the bucket keeps for a while.
  statement {
    sid = "ReadAndDeleteOwnPhotos"
    actions = [
      "s3:DeleteObject",
      "s3:GetObject",
    ]
    resources = ["${local.bucket_arns.photos}/uploads/${local.caller}/*"]
  }

  statement {
    sid       = "ReadOwnRenditions"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.derived}/${local.caller}/*"]
  }

  dynamic "statement" {
    for_each = {
      QueryOwnRecords = {
        actions   = ["dynamodb:Query"]
        resources = [local.table_arn, "${local.table_arn}/index/by_album", "${local.table_arn}/index/by_time"]
      }
      GetOwnRecords = {
        actions   = ["dynamodb:GetItem"]
        resources = [local.table_arn] # an index has no GetItem
      }
    }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources

      condition {
        test     = "ForAllValues:StringEquals"
        variable = "dynamodb:LeadingKeys"
        values   = [local.caller]
      }

      # ForAllValues alone also holds for a request that names no key.
      condition {
        test     = "Null"
        variable = "dynamodb:LeadingKeys"
        values   = ["false"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn[*]

    content {
      sid = "UseTheKeyOfBucketsAndTable"
      actions = [
        "kms:Decrypt",
        "kms:GenerateDataKey",
      ]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["dynamodb.${local.region}.${data.aws_partition.current.dns_suffix}", local.s3_service]
      }
    }
  }
}

data "aws_iam_policy_document" "follow_executions" {
  statement {
    sid       = "DescribeExecutions"
    actions   = ["states:DescribeExecution"]
    resources = [local.executions_arn]
  }
}

module "client" {
  source = "./modules/client"

  name               = var.name
  policy_json        = data.aws_iam_policy_document.client.json
  api_policy_json    = data.aws_iam_policy_document.follow_executions.json
  api_access_logs    = var.api_access_logs
  cors_origins       = local.origins
  executions_arn     = local.executions_arn
  keep_users         = var.keep_photos
  log_retention_days = var.log_retention_days
  self_sign_up       = var.self_sign_up
}
