mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  name            = "gallery"
  policy_json     = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  api_policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  edit_arn        = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery-edit"
  executions_arn  = "arn:aws:states:eu-west-1:123456789012:execution:gallery:*"
}

run "refuses_a_wildcard_origin" {
  command = plan

  variables { cors_origins = ["*"] }

  expect_failures = [var.cors_origins]
}

run "refuses_an_origin_with_a_path" {
  command = plan

  variables { cors_origins = ["https://photos.example.com/"] }

  expect_failures = [var.cors_origins]
}

# A quote would end the string literal in the template.
run "refuses_an_origin_with_a_quote" {
  command = plan

  variables { cors_origins = ["https://photos.example.com'"] }

  expect_failures = [var.cors_origins]
}

run "refuses_executions_of_all_state_machines" {
  command = plan

  variables { executions_arn = "arn:aws:states:eu-west-1:123456789012:execution:*:*" }

  expect_failures = [var.executions_arn]
}

run "refuses_the_arn_of_a_state_machine" {
  command = plan

  variables { executions_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery" }

  expect_failures = [var.executions_arn]
}

run "refuses_all_state_machines" {
  command = plan

  variables { edit_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:*" }

  expect_failures = [var.edit_arn]
}
