# The state machine that makes one edit: of a photo, or of an album. The API starts it, and waits for it.
locals {
  edit_name = "${var.name}-edit"
  edit_arn  = "arn:${local.partition}:states:${local.region}:${local.account_id}:stateMachine:${local.edit_name}"
}

data "aws_iam_policy_document" "edit" {
  source_policy_documents = [data.aws_iam_policy_document.decrypt_table.json]

  # The terms of texts and the place of a position.
  statement {
    sid       = "FindPlaces"
    actions   = ["lambda:InvokeFunction"]
    resources = [local.function_arns.extract]
  }

  # A transaction checks the photo that becomes a cover. AWS's list of condition keys has none for this check.
  statement {
    sid       = "ReadRecords"
    actions   = ["dynamodb:ConditionCheckItem", "dynamodb:GetItem"]
    resources = [local.table_arn]
  }

  # An edit is one transaction. It requires the permissions of its operations and no other.
  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
  statement {
    sid = "WriteInTransactions"
    actions = [
      "dynamodb:DeleteItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
    ]
    resources = [local.table_arn]

    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "dynamodb:EnclosingOperation"
      values   = ["TransactWriteItems"]
    }
  }
}

module "edit" {
  source = "../edit"

  deployment         = local.deployment
  name               = local.edit_name
  definition         = jsonencode(local.edit_definition)
  log_retention_days = var.log_retention_days
  policy_json        = data.aws_iam_policy_document.edit.json
}
