# A bucket with photos that the gallery adopts: it only reads it, and manages nothing of it. Events are
# switched on by `python -m gallery adopt`, because a notification configuration of Terraform replaces
# the bucket's own: docs/decisions/0031-an-adopted-bucket-is-only-read.md.
locals {
  is_adopted = var.adopted_bucket != null

  # Which part of a key is the owner, and which the album: images/shared/keys.py. Without an owner, the
  # first folder below the prefix is the owner's.
  own_layout = { prefix = "uploads/", owner = null }
  key_layout = local.is_adopted ? {
    prefix = var.adopted_bucket.prefix
    owner  = var.adopted_bucket.owner
  } : local.own_layout
  key_layout_names = {
    prefix = local.key_layout.prefix
    owner  = local.key_layout.owner == null ? "" : local.key_layout.owner
  }
  key_layout_setting = local.is_adopted ? { KEY_LAYOUT = jsonencode(local.key_layout) } : {}

  photos_bucket   = one(concat(module.photos[*].name, var.adopted_bucket[*].name))
  photos_key_arns = local.is_adopted ? var.adopted_bucket[*].kms_key_arn : [var.kms_key_arn]
  photo_arns      = "${local.bucket_arns.photos}/${local.key_layout.prefix}*"

  # What reads the bucket. Needed by name if the bucket is in another account. S3 refuses a policy that names
  # a role that does not exist.
  reader_arns = [
    for name in concat(values(local.function_names), ["${var.name}-workflow", local.bulk_names.backfill], var.client ? ["${var.name}-client"] : []) :
    "arn:${local.partition}:iam::${local.account_id}:role${var.role_path}${name}-${local.region}"
  ]
}

# Instead of the permissions in own_photos.
data "aws_iam_policy_document" "adopted_photos" {
  statement {
    sid       = "ReadOwnPhotos"
    actions   = ["s3:GetObject"]
    resources = [local.key_layout.owner == null ? "${local.bucket_arns.photos}/${local.key_layout.prefix}${local.caller}/*" : local.photo_arns]

    # Keys that have no part for their owner belong to one user.
    dynamic "condition" {
      for_each = local.key_layout.owner[*]

      content {
        test     = "StringEquals"
        variable = "cognito-identity.amazonaws.com:sub"
        values   = [condition.value]
      }
    }
  }

  dynamic "statement" {
    for_each = compact(local.photos_key_arns)

    content {
      sid       = "DecryptOwnPhotos"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [local.s3_service]
      }
    }
  }
}

# For the owner of the bucket, if that is another account.
data "aws_iam_policy_document" "adopted_bucket" {
  statement {
    sid       = "LetGalleryReadPhotos"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = [local.photo_arns]

    principals {
      type        = "AWS"
      identifiers = local.reader_arns
    }
  }

  statement {
    sid       = "LetGalleryListPhotos"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
    resources = [local.bucket_arns.photos]

    principals {
      type        = "AWS"
      identifiers = local.reader_arns
    }
  }
}
