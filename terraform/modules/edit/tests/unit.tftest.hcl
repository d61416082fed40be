mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/gallery-edit" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/states/gallery-edit" }
  }
}

variables {
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  name               = "gallery-edit"
  definition         = "{\"StartAt\":\"Done\",\"TimeoutSeconds\":25,\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  log_retention_days = 30
  policy_json        = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
}

run "answers_synchronous_requests" {
  command = plan

  assert {
    condition     = aws_sfn_state_machine.this.type == "EXPRESS"
    error_message = "The type must be EXPRESS, which StartSyncExecution requires."
  }
}

run "logs_errors_without_the_texts_of_people" {
  command = plan

  assert {
    condition     = aws_sfn_state_machine.this.logging_configuration[0].level == "ERROR" && !aws_sfn_state_machine.this.logging_configuration[0].include_execution_data
    error_message = "Errors must be logged, and execution data, which contains texts of people, must not."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30 && startswith(aws_cloudwatch_log_group.this.name, "/aws/vendedlogs/states/")
    error_message = "The log group must keep logs for log_retention_days, under the prefix of vended logs."
  }
}

run "only_this_state_machine_may_assume_the_role" {
  command = plan

  assert {
    condition = {
      for condition in data.aws_iam_policy_document.assume.statement[0].condition :
      "${condition.test} ${condition.variable}" => condition.values
      } == {
      "ArnEquals aws:SourceArn"        = tolist(["arn:aws:states:eu-west-1:123456789012:stateMachine:gallery-edit"])
      "StringEquals aws:SourceAccount" = tolist(["123456789012"])
    }
    error_message = "Only this state machine of this account may assume the role."
  }
}
