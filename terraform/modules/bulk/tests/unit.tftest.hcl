mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/gallery-backfill" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/states/gallery-backfill" }
  }
}

variables {
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  name               = "gallery-backfill"
  definition         = "{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  log_retention_days = 30
  policy_json        = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
}

run "logs_errors_without_execution_data" {
  command = plan

  assert {
    condition     = aws_sfn_state_machine.this.logging_configuration[0].level == "ERROR" && !aws_sfn_state_machine.this.logging_configuration[0].include_execution_data
    error_message = "Errors must be logged, and execution data, which contains keys, must not."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30 && startswith(aws_cloudwatch_log_group.this.name, "/aws/vendedlogs/states/")
    error_message = "The log group must keep logs for log_retention_days, under the prefix of vended logs."
  }
}

run "may_run_a_distributed_map" {
  command = plan

  assert {
    condition     = aws_sfn_state_machine.this.type == "STANDARD"
    error_message = "The type must be STANDARD, which a Distributed Map requires."
  }

  assert {
    condition     = data.aws_iam_policy_document.access.statement[0].actions == toset(["states:StartExecution"]) && data.aws_iam_policy_document.access.statement[0].resources == toset(["arn:aws:states:eu-west-1:123456789012:stateMachine:gallery-backfill"])
    error_message = "The role must allow to start executions of its own Map only."
  }

  assert {
    condition     = data.aws_iam_policy_document.access.statement[1].resources == toset(["arn:aws:states:eu-west-1:123456789012:execution:gallery-backfill/*:*", "arn:aws:states:eu-west-1:123456789012:execution:gallery-backfill:*"])
    error_message = "The role must allow to describe its own executions only."
  }
}

run "only_its_own_state_machine_may_assume_the_role" {
  command = plan

  assert {
    condition     = toset([for condition in data.aws_iam_policy_document.assume.statement[0].condition : condition.variable]) == toset(["aws:SourceAccount", "aws:SourceArn"])
    error_message = "Only this state machine may assume the role."
  }

  assert {
    condition = alltrue(flatten([
      for condition in data.aws_iam_policy_document.assume.statement[0].condition :
      [for arn in condition.values : startswith(arn, "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery-backfill")]
      if condition.variable == "aws:SourceArn"
    ]))
    error_message = "No other state machine may assume the role."
  }
}
