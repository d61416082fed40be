locals {
  account_id = var.deployment.account_id
  partition  = var.deployment.partition
  region     = var.deployment.region
  place      = "${local.region}:${local.account_id}"

  topic_name = "${var.name}-alarms"
  topic_arn  = "arn:${local.partition}:sns:${local.place}:${local.topic_name}"
}

# Without topic_kms_key_arn it is not encrypted: CloudWatch cannot publish to a topic with the AWS managed
# key, and alarms contain no data of photos.
resource "aws_sns_topic" "alarms" {
  count = var.alarms ? 1 : 0

  name              = local.topic_name
  kms_master_key_id = var.topic_kms_key_arn
  tags              = var.deployment.tags
}

data "aws_iam_policy_document" "alarms" {
  statement {
    sid       = "AllowAlarms"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:cloudwatch:${local.place}:alarm:${var.name}-*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }

  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

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

resource "aws_sns_topic_policy" "alarms" {
  count = var.alarms ? 1 : 0

  arn    = aws_sns_topic.alarms[0].arn
  policy = data.aws_iam_policy_document.alarms.json
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarms && var.alarm_email != null ? 1 : 0

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}
