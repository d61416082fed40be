# The images that `make push` pushed, or those of var.images. The preconditions fail before any resource is planned that
# runs an image.
resource "terraform_data" "images" {
  input = local.images

  lifecycle {
    precondition {
      condition     = local.given_images != null
      error_message = "There are no images to deploy. Run `make build push`: it builds and pushes them, and records their digests in the SSM parameter ${local.images_parameter}."
    }

    # var.images has the same rule.
    precondition {
      condition     = alltrue([for image in local.images : can(regex("^sha256:[0-9a-f]{64}$", image.digest))])
      error_message = "Each digest in the SSM parameter ${local.images_parameter} must be sha256:<64 hex digits>, as `make push` writes it; got ${join(", ", [for image in local.images : image.digest])}."
    }

    precondition {
      condition     = alltrue([for image in local.images : image.architecture == var.architecture])
      error_message = "The pushed images are for ${join(" and ", distinct([for image in local.images : image.architecture]))}, but architecture is ${var.architecture}. Run `make build push PLATFORM=linux/${var.architecture == "arm64" ? "arm64" : "amd64"}`, or set architecture."
    }

    precondition {
      condition     = var.labeler != "embedded" || local.images.tag.label_model
      error_message = "labeler is embedded, but the pushed tag image does not contain the label model. Run `make build push LABELER=embedded`, or set labeler to rekognition."
    }

    precondition {
      condition     = var.labeler == "embedded" || contains(var.rekognition_regions, local.region)
      error_message = "Amazon Rekognition is not available in ${local.region}. Label with the embedded model (labeler = \"embedded\", and `make build push LABELER=embedded`), or deploy to one of ${join(", ", var.rekognition_regions)}. If AWS has added Rekognition to ${local.region} since, add the region to rekognition_regions."
    }
  }
}

locals {
  # `terraform destroy` needs no images, but evaluates the resources that run them.
  no_image = { digest = "sha256:${join("", [for _ in range(64) : "0"])}", architecture = var.architecture }
  no_images = {
    extract   = local.no_image
    thumbnail = local.no_image
    tag       = merge(local.no_image, { label_model = true })
  }

  # What is not as `make push` writes it counts as nothing.
  pushed = try(jsondecode(module.registry.images), {})
  given_images = var.images != null ? var.images : try({
    extract   = { digest = tostring(local.pushed.extract.digest), architecture = tostring(local.pushed.extract.architecture) }
    thumbnail = { digest = tostring(local.pushed.thumbnail.digest), architecture = tostring(local.pushed.thumbnail.architecture) }
    tag = {
      digest       = tostring(local.pushed.tag.digest)
      architecture = tostring(local.pushed.tag.architecture)
      label_model  = tobool(local.pushed.tag.label_model)
    }
  }, null)
  images = local.given_images != null ? local.given_images : local.no_images

  image_uris = {
    for key in local.functions :
    key => "${module.registry.repository_urls[key]}@${terraform_data.images.input[key].digest}"
  }
}

# Permissions to read photos. All three functions have them, in addition to their own.
data "aws_iam_policy_document" "read_photos" {
  statement {
    sid       = "ReadPhotos"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = [local.photo_arns]
  }

  # Without them S3 answers 403 instead of 404 for a deleted photo: docs/decisions/0003-403-is-not-gone.md.
  statement {
    sid       = "DetectDeletedPhotos"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
    resources = [local.bucket_arns.photos]
  }

  dynamic "statement" {
    for_each = compact(local.photos_key_arns)

    content {
      sid       = "DecryptPhotos"
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

module "extract" {
  source = "../function"

  deployment         = local.deployment
  name               = local.function_names.extract
  architecture       = var.architecture
  image_uri          = local.image_uris.extract
  log_retention_days = var.log_retention_days
  memory_mb          = local.memory_mb.extract
  policy_json        = data.aws_iam_policy_document.read_photos.json
  timeout_seconds    = var.timeout_seconds.extract

  environment = merge(local.key_layout_setting, {
    PHOTOS_BUCKET = local.bucket_names.photos
  })
}

data "aws_iam_policy_document" "thumbnail" {
  source_policy_documents = [data.aws_iam_policy_document.read_photos.json]

  statement {
    sid       = "WriteRenditions"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arns.derived}/*"] # <owner>/<key digest>/<version digest>/…
  }

  dynamic "statement" {
    for_each = var.kms_key_arn[*]

    content {
      sid       = "EncryptRenditions"
      actions   = ["kms:GenerateDataKey"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [local.s3_service]
      }
    }
  }
}

module "thumbnail" {
  source = "../function"

  deployment         = local.deployment
  name               = local.function_names.thumbnail
  architecture       = var.architecture
  image_uri          = local.image_uris.thumbnail
  log_retention_days = var.log_retention_days
  memory_mb          = local.memory_mb.thumbnail
  policy_json        = data.aws_iam_policy_document.thumbnail.json
  timeout_seconds    = var.timeout_seconds.thumbnail

  environment = merge(local.key_layout_setting, {
    DERIVED_BUCKET = local.bucket_names.derived
    KEEP_COPYRIGHT = var.keep_copyright
    PHOTOS_BUCKET  = local.bucket_names.photos
    RENDITIONS     = jsonencode(var.renditions)
  })
}

data "aws_iam_policy_document" "tag" {
  source_policy_documents = [
    data.aws_iam_policy_document.decrypt_table.json,
    data.aws_iam_policy_document.read_photos.json,
  ]

  dynamic "statement" {
    for_each = var.labeler == "rekognition" ? [1] : []

    content {
      sid       = "DetectLabels"
      actions   = ["rekognition:DetectLabels"]
      resources = ["*"] # DetectLabels does not support resource-level permissions
    }
  }

  # Find labels of a photo with the same bytes.
  statement {
    sid       = "FindSameBytes"
    actions   = ["dynamodb:Query"]
    resources = ["${local.table_arn}/index/by_content"]
  }

  statement {
    sid       = "ReadLabelsOfSameBytes"
    actions   = ["dynamodb:GetItem"]
    resources = [local.table_arn]
  }
}

module "tag" {
  source = "../function"

  deployment         = local.deployment
  name               = local.function_names.tag
  architecture       = var.architecture
  image_uri          = local.image_uris.tag
  log_retention_days = var.log_retention_days
  memory_mb          = local.memory_mb.tag
  policy_json        = data.aws_iam_policy_document.tag.json
  timeout_seconds    = var.timeout_seconds.tag

  environment = merge(local.key_layout_setting, {
    LABELER        = var.labeler
    MAX_LABELS     = var.max_labels
    MIN_CONFIDENCE = var.min_confidence
    PHOTOS_BUCKET  = local.bucket_names.photos
    TABLE          = local.table_name
  })
}
