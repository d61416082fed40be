# What `make push` recorded. It asks whether there are images, and whether they fit the settings,
# before anything that runs one is planned.
resource "terraform_data" "images" {
  input = local.images

  lifecycle {
    precondition {
      condition     = var.images != null
      error_message = "There are no images to deploy: `make build push` builds them, pushes them and records their digests in terraform/images.auto.tfvars.json."
    }

    precondition {
      condition     = alltrue([for image in local.images : image.architecture == var.architecture])
      error_message = "The pushed images are for ${join(" and ", distinct([for image in local.images : image.architecture]))}, but architecture is ${var.architecture}: `make build push PLATFORM=linux/${var.architecture == "arm64" ? "arm64" : "amd64"}`, or set architecture."
    }

    precondition {
      condition     = var.labeler != "embedded" || local.images.tag.label_model
      error_message = "labeler is embedded, but the pushed tag image holds no label model: `make build push LABELER=embedded`, or set labeler to rekognition."
    }
  }
}

locals {
  # `terraform destroy` needs no images, yet evaluates what would run them.
  no_image = { digest = "sha256:${join("", [for _ in range(64) : "0"])}", architecture = var.architecture }
  images = var.images != null ? var.images : {
    extract   = local.no_image
    thumbnail = local.no_image
    tag       = merge(local.no_image, { label_model = true })
  }

  image_uris = {
    for key in local.functions :
    key => "${module.registry.repository_urls[key]}@${terraform_data.images.input[key].digest}"
  }
}

# What a step needs to read photos: each of the three gets it, beside what is its own.
data "aws_iam_policy_document" "read_photos" {
  statement {
    sid       = "ReadPhotos"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${local.bucket_arns.photos}/uploads/*"]
  }

  # Without it S3 says 403 of a photo that is gone, and not 404: docs/decisions/0003-403-is-not-gone.md.
  statement {
    sid       = "TellGoneFromDenied"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.photos]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn[*]

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
  source = "./modules/function"

  name               = local.function_names.extract
  architecture       = var.architecture
  image_uri          = local.image_uris.extract
  log_retention_days = var.log_retention_days
  memory_mb          = var.memory_mb.extract
  policy_json        = data.aws_iam_policy_document.read_photos.json
  timeout_seconds    = var.timeout_seconds.extract

  environment = {
    PHOTOS_BUCKET = local.bucket_names.photos
  }
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
  source = "./modules/function"

  name               = local.function_names.thumbnail
  architecture       = var.architecture
  image_uri          = local.image_uris.thumbnail
  log_retention_days = var.log_retention_days
  memory_mb          = var.memory_mb.thumbnail
  policy_json        = data.aws_iam_policy_document.thumbnail.json
  timeout_seconds    = var.timeout_seconds.thumbnail

  environment = {
    DERIVED_BUCKET = local.bucket_names.derived
    PHOTOS_BUCKET  = local.bucket_names.photos
    RENDITIONS     = jsonencode(var.renditions)
  }
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
      resources = ["*"] # Rekognition has nothing narrower
    }
  }

  # Whether the same bytes have labels already.
  statement {
    sid       = "FindSameBytes"
    actions   = ["dynamodb:Query"]
    resources = ["${local.table_arn}/index/by_content"]
  }

  statement {
    sid       = "ReadTheirLabels"
    actions   = ["dynamodb:GetItem"]
    resources = [local.table_arn]
  }
}

module "tag" {
  source = "./modules/function"

  name               = local.function_names.tag
  architecture       = var.architecture
  image_uri          = local.image_uris.tag
  log_retention_days = var.log_retention_days
  memory_mb          = var.memory_mb.tag
  policy_json        = data.aws_iam_policy_document.tag.json
  timeout_seconds    = var.timeout_seconds.tag

  environment = {
    LABELER        = var.labeler
    MAX_LABELS     = var.max_labels
    MIN_CONFIDENCE = var.min_confidence
    PHOTOS_BUCKET  = local.bucket_names.photos
    TABLE          = local.table_name
  }
}
