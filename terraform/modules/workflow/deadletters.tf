# What could not be started, and what was started and failed. Nobody reads it but a person, with
# gallery/redrive.py.
resource "aws_sqs_queue" "dead_letters" {
  name                      = local.dead_letters_name
  message_retention_seconds = 14 * 24 * 60 * 60 # the most that SQS keeps
  sqs_managed_sse_enabled   = true
}

data "aws_iam_policy_document" "dead_letters" {
  statement {
    sid       = "RulesSend"
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
    sid       = "DenyWithoutTls"
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

# Executions that no Catch saw the end of: timed out, aborted, too much data. One that the state
# machine gave up by itself has left a letter already, under the same execution_arn.
resource "aws_cloudwatch_event_rule" "failed" {
  name          = local.rule_names["failed"]
  description   = "A dead letter for each execution of ${var.name} that ended badly."
  event_pattern = var.failure_rule.pattern
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
