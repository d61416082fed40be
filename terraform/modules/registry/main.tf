# Without a lifecycle policy: it would count or date images, and expire one that a function still runs.
# Lambda keeps fetching the image of a function, which fails once the image is gone:
# https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
# `make push` deletes old images, because it can ask Lambda which ones are in use.
resource "aws_ecr_repository" "this" {
  for_each = var.repositories

  name                 = each.value.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true # images can be built again
  tags                 = var.deployment.tags

  # Does not use kms_key_arn: a change of the key would replace the repository and delete its images.
  # Images contain code and no photos.
  encryption_configuration {
    encryption_type = "AES256"
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}

# Lambda adds a statement of its own to a repository policy that does not allow it to pull. Whether one
# function's ARN is enough for Lambda is not documented; if it is not, each plan removes that statement.
data "aws_iam_policy_document" "pull" {
  for_each = var.repositories

  statement {
    sid     = "AllowLambdaPull"
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [each.value.function_arn]
    }
  }
}

resource "aws_ecr_repository_policy" "this" {
  for_each = var.repositories

  repository = aws_ecr_repository.this[each.key].name
  policy     = data.aws_iam_policy_document.pull[each.key].json
}

# The images that `make push` pushed: in the account, so that everybody who applies the configuration
# deploys the same. Terraform creates the parameter, and reads it in each plan; `make push` writes it.
resource "aws_ssm_parameter" "images" {
  name           = var.images_parameter
  description    = "The pushed images: digest and architecture of each, for Terraform. Written by make push."
  type           = "String"
  insecure_value = "{}"
  tags           = var.deployment.tags

  lifecycle {
    ignore_changes = [insecure_value]
  }
}
