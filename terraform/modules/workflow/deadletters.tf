# Events that could not start an execution, and events of failed executions. Only `make redrive` reads
# the queue.
resource "aws_sqs_queue" "dead_letters" {
  name                      = local.dead_letters_name
  message_retention_seconds = 14 * 24 * 60 * 60 # the maximum in SQS
  sqs_managed_sse_enabled   = var.queue_kms_key_arn == null ? true : null
  kms_master_key_id         = var.queue_kms_key_arn
  tags                      = var.deployment.tags
}

data "aws_iam_policy_document" "dead_letters" {
  statement {
    sid       = "AllowRules"
    actions   = ["sqs:SendMessage"]
    resources = [local.dead_letters_arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = values(local.rule_arns)
    }
  }

  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.dead_letters_arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  policy    = data.aws_iam_policy_document.dead_letters.json
}

# Executions that ended without a Catch: timed out, aborted, or over the data limit. An execution that
# failed in the state Failed has already sent a message with the same execution_arn.
resource "aws_cloudwatch_event_rule" "failed" {
  name          = local.rule_names["failed"]
  description   = "Sends a dead-letter message for each execution of ${var.name} that failed, timed out or was aborted."
  event_pattern = var.failure_rule.pattern
  tags          = var.deployment.tags
}

resource "aws_cloudwatch_event_target" "failed" {
  rule      = aws_cloudwatch_event_rule.failed.name
  target_id = "dead-letters"
  arn       = aws_sqs_queue.dead_letters.arn

  input_transformer {
    input_paths    = var.failure_rule.input_paths
    input_template = var.failure_rule.input_template
  }

  retry_policy {
    maximum_event_age_in_seconds = local.longest_event_age_seconds
    maximum_retry_attempts       = local.most_retries
  }

  depends_on = [aws_sqs_queue_policy.dead_letters]
}
