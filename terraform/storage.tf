# Originals. What is deleted or overwritten can be brought back for a while.
module "photos" {
  source = "./modules/bucket"

  name                    = local.bucket_names.photos
  cors_methods            = ["DELETE", "GET", "POST", "PUT"] # as the role of client.tf allows
  cors_origins            = local.origins
  force_destroy           = !var.keep_photos
  kms_key_arn             = var.kms_key_arn
  log_bucket              = module.logs.name
  log_prefix              = "photos/"
  noncurrent_version_days = var.noncurrent_version_days
  notify_eventbridge      = true
}

# Renditions. No versions: a key never gets other bytes, what is lost can be made again from the
# photo, and what was made of a deleted photo is to be gone.
module "derived" {
  source = "./modules/bucket"

  name          = local.bucket_names.derived
  cors_methods  = ["GET"]
  cors_origins  = local.origins
  force_destroy = !var.keep_photos
  kms_key_arn   = var.kms_key_arn
  log_bucket    = module.logs.name
  log_prefix    = "derived/"
}

data "aws_iam_policy_document" "logs_bucket" {
  statement {
    sid     = "S3WritesAccessLogs"
    actions = ["s3:PutObject"]
    resources = [
      "${local.bucket_arns.logs}/derived/*",
      "${local.bucket_arns.logs}/photos/*",
      "${local.bucket_arns.logs}/site/*",
    ]

    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.bucket_arns.derived, local.bucket_arns.photos, local.bucket_arns.site]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

# Who read and wrote photos, and the page. Its own key (S3 delivers logs to no bucket that KMS encrypts), and no
# log of its own, which would feed itself.
module "logs" {
  source = "./modules/bucket"

  name            = local.bucket_names.logs
  expiration_days = var.log_retention_days
  force_destroy   = !var.keep_photos
  policy_json     = data.aws_iam_policy_document.logs_bucket.json
}

module "table" {
  source = "./modules/table"

  name                = local.table_name
  deletion_protection = var.keep_photos
  hash_key            = local.table_schema.hash_key
  range_key           = local.table_schema.range_key
  indexes             = local.table_schema.indexes
  kms_key_arn         = var.kms_key_arn
}

# `terraform destroy` begins here, and with photos to keep it ends here too. Without this, buckets
# would refuse only after their policies, and all that works on them, were gone.
resource "terraform_data" "keep_photos" {
  input = var.keep_photos

  provisioner "local-exec" {
    when    = destroy
    command = "[ ${self.input} = false ] || [ \"$KEEP_PHOTOS\" = false ] || { echo 'keep_photos is true: apply keep_photos = false first, or make destroy KEEP_PHOTOS=false' >&2; exit 1; }"
    quiet   = true
  }

  depends_on = [
    module.backfill,
    module.client,
    module.derived,
    module.extract,
    module.logs,
    module.observability,
    module.photos,
    module.reprocess,
    module.registry,
    module.site,
    module.table,
    module.tag,
    module.thumbnail,
    module.workflow,
  ]
}
