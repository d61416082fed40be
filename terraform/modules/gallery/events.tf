# Other systems are told of photos on the account's default event bus: see docs/events.md. The state machine
# sends the events itself, in the state Announce.
locals {
  default_bus_arn = "arn:${local.partition}:events:${local.region}:${local.account_id}:event-bus/default"
}

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
data "aws_iam_policy_document" "announce" {
  dynamic "statement" {
    for_each = var.events ? [local.default_bus_arn] : []

    content {
      sid       = "Announce"
      actions   = ["events:PutEvents"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "events:source"
        values   = [var.name]
      }
    }
  }
}
