locals {
  log_group_name = "/aws/lambda/${var.name}"
  log_group_arn = join(":", [
    "arn", var.deployment.partition, "logs", var.deployment.region,
    var.deployment.account_id, "log-group", local.log_group_name,
  ])
}

# Without a condition: Lambda documents no condition key that it sends when it assumes a role. Functions
# of other accounts cannot use the role, because iam:PassRole works only within the account.
data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# Role names are unique in the account, so that they contain the region.
resource "aws_iam_role" "this" {
  name                 = "${var.name}-${var.deployment.region}"
  description          = "Role of the function ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  path                 = var.deployment.role_path
  permissions_boundary = var.deployment.permissions_boundary_arn
  tags                 = var.deployment.tags
}

data "aws_iam_policy_document" "access" {
  source_policy_documents = [var.policy_json]

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.log_group_arn}:log-stream:*"]
  }

  statement {
    sid       = "WriteTraces"
    actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"] # X-Ray does not support resource-level permissions
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "access"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.access.json
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = var.deployment.log_kms_key_arn
  tags              = var.deployment.tags
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  role          = aws_iam_role.this.arn
  package_type  = "Image"
  image_uri     = var.image_uri
  architectures = [var.architecture]
  memory_size   = var.memory_mb
  timeout       = var.timeout_seconds
  tags          = var.deployment.tags

  environment {
    variables = var.environment
  }

  # The log group is created before the function. Otherwise Lambda creates one that never expires.
  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "Active"
  }

  # The function needs its permissions from its first invocation on.
  depends_on = [aws_iam_role_policy.this]
}
