# What the page may do with the buckets. The page reads the ETag of each part of an upload from the answer
# and sends all of them to complete the upload: S3 refuses one without. It corrects its clock by Date.
locals {
  bucket_cors = jsondecode(file("${local.workflow_path}/bucket_cors.json"))
  cors = {
    for bucket, methods in local.bucket_cors.allowed_methods :
    bucket => merge(local.bucket_cors, { allowed_methods = methods })
  }
}

# From which S3 reads at once, in the order in which objects move from one to the next.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
locals {
  storage_classes = ["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR"]
}

# Photos that the functions could not read: archived, or encrypted with a KMS key that the functions may not
# use. modules/bucket denies keys of the uploader. Lifecycle rules and restored copies are not affected.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
data "aws_iam_policy_document" "photos_bucket" {
  dynamic "statement" {
    for_each = {
      DenyOtherStorageClasses = { key = "s3:x-amz-storage-class", allowed = ["STANDARD"] }
      DenyOtherKmsKeys        = { key = "s3:x-amz-server-side-encryption-aws-kms-key-id", allowed = var.kms_key_arn[*] }
    }

    content {
      sid       = statement.key
      effect    = "Deny"
      actions   = ["s3:PutObject"]
      resources = ["${local.bucket_arns.photos}/*"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      # A request without the header has no such key, and StringNotEquals alone would deny it.
      condition {
        test     = "Null"
        variable = statement.value.key
        values   = ["false"]
      }

      dynamic "condition" {
        for_each = length(statement.value.allowed) == 0 ? [] : [statement.value.allowed]

        content {
          test     = "StringNotEquals"
          variable = statement.value.key
          values   = condition.value
        }
      }
    }
  }
}

# Originals. Deleted and overwritten photos can be restored for noncurrent_version_days.
module "photos" {
  source = "../bucket"
  count  = local.is_adopted ? 0 : 1

  deployment              = local.deployment
  name                    = local.bucket_names.photos
  cors                    = local.cors.photos
  cors_origins            = local.origins
  force_destroy           = !var.keep_photos
  kms_key_arn             = var.kms_key_arn
  log_bucket              = module.logs.name
  log_prefix              = "photos/"
  noncurrent_version_days = var.noncurrent_version_days
  notify_eventbridge      = true
  policy_json             = data.aws_iam_policy_document.photos_bucket.json
  transition_days         = var.photos_transition_days
}

# Is printed once, at the end of the apply that creates the photos bucket.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
resource "terraform_data" "first_events" {
  input = local.bucket_names.photos

  provisioner "local-exec" {
    command = local.is_adopted ? "echo 'Now switch on the events of ${self.input}: python -m gallery adopt. Then run `make backfill`.'" : "echo 'S3 begins to send the events of ${self.input} in about five minutes. Wait before the first upload, or run `make backfill` after it.'"
    quiet   = true
  }

  depends_on = [module.observability, module.photos, module.site]
}

# Renditions. Without versioning: the bytes of a key never change, a lost rendition can be created
# again from its photo, and the renditions of a deleted photo must be deleted too.
module "derived" {
  source = "../bucket"

  deployment    = local.deployment
  name          = local.bucket_names.derived
  cors          = local.cors.derived
  cors_origins  = local.origins
  force_destroy = !var.keep_photos
  kms_key_arn   = var.kms_key_arn
  log_bucket    = module.logs.name
  log_prefix    = "derived/"
}

data "aws_iam_policy_document" "logs_bucket" {
  statement {
    sid     = "AllowAccessLogs"
    actions = ["s3:PutObject"]
    resources = [
      "${local.bucket_arns.logs}/derived/*",
      "${local.bucket_arns.logs}/photos/*",
      "${local.bucket_arns.logs}/shares/*",
      "${local.bucket_arns.logs}/site/*",
    ]

    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.bucket_arns.derived, local.bucket_arns.photos, local.bucket_arns.shares, local.bucket_arns.site]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

# Access logs of the other buckets. Encrypted with S3's own key, because S3 cannot deliver logs to a
# bucket with a KMS key. It has no access log itself, which would log its own deliveries.
module "logs" {
  source = "../bucket"

  deployment      = local.deployment
  name            = local.bucket_names.logs
  expiration_days = var.log_retention_days
  force_destroy   = !var.keep_photos
  policy_json     = data.aws_iam_policy_document.logs_bucket.json
  transition_days = var.logs_transition_days
}

module "table" {
  source = "../table"

  deployment          = local.deployment
  name                = local.table_name
  deletion_protection = var.keep_photos
  hash_key            = local.table_schema.hash_key
  range_key           = local.table_schema.range_key
  indexes             = local.table_schema.indexes
  kms_key_arn         = var.kms_key_arn
}

# `terraform destroy` destroys this resource first, and fails here while keep_photos is true. Otherwise
# the buckets would fail to be destroyed only after their policies and all functions were destroyed. The same
# if adopted_bucket takes the place of the bucket of photos, which Terraform then destroys.
resource "terraform_data" "keep_photos" {
  input            = var.keep_photos
  triggers_replace = local.is_adopted ? true : null

  provisioner "local-exec" {
    when    = destroy
    command = "[ ${self.input} = false ] || [ \"$KEEP_PHOTOS\" = false ] || { echo 'keep_photos is true, so no bucket of photos is destroyed: apply keep_photos = false first, or set KEEP_PHOTOS=false for make destroy, or for make apply if adopted_bucket has changed' >&2; exit 1; }"
    quiet   = true
  }

  depends_on = [
    module.backfill,
    module.client,
    module.derived,
    module.edit,
    module.extract,
    module.logs,
    module.observability,
    module.photos,
    module.registry,
    module.reprocess,
    module.shares,
    module.site,
    module.table,
    module.tag,
    module.thumbnail,
    module.workflow,
    terraform_data.first_events,
  ]
}
