locals {
  # IAM policy variable: the ID of the calling identity. The owner in keys and in the table has the
  # same ID, so each user can access only their own data.
  caller = "$${cognito-identity.amazonaws.com:sub}"

  own_shares = [for prefix in keys(local.share_days) : "${local.bucket_arns.shares}/${prefix}${local.caller}/*"]
}

# What a signed-in user may do with photos. They are never listed, since the table contains all of them.
# Versions are, one photo at a time, to restore it.
data "aws_iam_policy_document" "own_photos" {
  statement {
    sid = "FinishOwnUploads"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:ListMultipartUploadParts",
    ]
    resources = ["${local.bucket_arns.photos}/uploads/${local.caller}/*"]
  }

  # S3 checks it for PutObject, CopyObject, and for each call of a multipart upload. The policy of the
  # bucket denies the same to everybody (storage.tf). A missing header means STANDARD, and the key of the
  # bucket.
  statement {
    sid       = "UploadOwnPhotos"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arns.photos}/uploads/${local.caller}/*"]

    condition {
      test     = "StringEqualsIfExists"
      variable = "s3:x-amz-storage-class"
      values   = ["STANDARD"]
    }

    condition {
      test     = "Null"
      variable = "s3:x-amz-server-side-encryption-customer-algorithm"
      values   = ["true"]
    }

    condition {
      test     = var.kms_key_arn == null ? "Null" : "StringEqualsIfExists"
      variable = "s3:x-amz-server-side-encryption-aws-kms-key-id"
      values   = [coalesce(var.kms_key_arn, "true")]
    }
  }

  # A deleted photo stays as a noncurrent version below a delete marker, until the bucket's lifecycle rule
  # expires it.
  statement {
    sid = "ReadAndDeleteOwnPhotos"
    actions = [
      "s3:DeleteObject",
      "s3:GetObject",
    ]
    resources = ["${local.bucket_arns.photos}/uploads/${local.caller}/*"]
  }

  statement {
    sid       = "ListOwnVersions"
    actions   = ["s3:ListBucketVersions"]
    resources = [local.bucket_arns.photos]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["uploads/${local.caller}/*"]
    }
  }

  # Without a delete marker, the photo is back. IAM does not distinguish it from other versions, so who may
  # delete one may delete photos for good. Without this permission a photo is restored as a copy of its
  # newest version: docs/decisions/0023-deleting-is-a-delete-marker.md.
  statement {
    sid       = var.delete_for_good ? "DeleteOwnVersions" : "CopyOwnVersions"
    actions   = [var.delete_for_good ? "s3:DeleteObjectVersion" : "s3:GetObjectVersion"]
    resources = ["${local.bucket_arns.photos}/uploads/${local.caller}/*"]
  }
}

# Permissions of a signed-in user.
data "aws_iam_policy_document" "client" {
  source_policy_documents = [
    local.is_adopted ? data.aws_iam_policy_document.adopted_photos.json : data.aws_iam_policy_document.own_photos.json,
  ]

  statement {
    sid       = "ReadOwnRenditions"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.derived}/${local.caller}/*"]
  }

  # The number of days is part of the key, so that every object has a lifecycle rule that deletes it. IAM
  # can bound neither the size nor the Content-Type of an object.
  dynamic "statement" {
    for_each = local.shares ? [local.own_shares] : []

    content {
      sid       = "WriteOwnShares"
      actions   = ["s3:PutObject"]
      resources = statement.value

      condition {
        test     = "StringEqualsIfExists"
        variable = "s3:x-amz-storage-class"
        values   = ["STANDARD"]
      }

      dynamic "condition" {
        for_each = toset([
          "s3:x-amz-server-side-encryption-aws-kms-key-id",
          "s3:x-amz-server-side-encryption-customer-algorithm",
        ])

        content {
          test     = "Null"
          variable = condition.value
          values   = ["true"]
        }
      }
    }
  }

  dynamic "statement" {
    for_each = local.shares ? [local.own_shares] : []

    content {
      sid = "ReadAndWithdrawOwnShares"
      actions = [
        "s3:DeleteObject",
        "s3:GetObject",
      ]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = local.shares ? [local.own_shares] : []

    content {
      sid       = "ListOwnShares"
      actions   = ["s3:ListBucket"]
      resources = [local.bucket_arns.shares]

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = [for prefix in keys(local.share_days) : "${prefix}${local.caller}/*"]
      }
    }
  }

  dynamic "statement" {
    for_each = {
      QueryOwnRecords = {
        actions   = ["dynamodb:Query"]
        resources = [local.table_arn, "${local.table_arn}/index/by_album", "${local.table_arn}/index/by_content", "${local.table_arn}/index/by_time"]
      }
      GetOwnRecords = {
        actions   = ["dynamodb:GetItem"]
        resources = [local.table_arn] # GetItem does not support indexes
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

      # ForAllValues alone is also true for a request without a key.
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
      sid = "UseKmsKey"
      actions = [
        "kms:Decrypt",
        "kms:GenerateDataKey",
      ]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["dynamodb.${local.region}.${local.dns_suffix}", local.s3_service]
      }
    }
  }
}

data "aws_iam_policy_document" "api" {
  statement {
    sid       = "DescribeExecutions"
    actions   = ["states:DescribeExecution"]
    resources = [local.executions_arn]
  }

  statement {
    sid       = "MakeEdits"
    actions   = ["states:StartSyncExecution"]
    resources = [local.edit_arn]
  }
}

module "client" {
  source = "../client"
  count  = var.client ? 1 : 0

  deployment         = local.deployment
  name               = var.name
  policy_json        = data.aws_iam_policy_document.client.json
  api_policy_json    = data.aws_iam_policy_document.api.json
  api_access_logs    = var.api_access_logs
  cors_origins       = local.origins
  edit_arn           = local.edit_arn
  executions_arn     = local.executions_arn
  keep_users         = var.keep_photos
  log_retention_days = var.log_retention_days
  self_sign_up       = var.self_sign_up
}
