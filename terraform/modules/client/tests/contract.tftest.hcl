mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  name            = "gallery"
  policy_json     = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  api_policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  executions_arn  = "arn:aws:states:eu-west-1:123456789012:execution:gallery:*"
}

run "refuses_every_origin_at_once" {
  command = plan

  variables { cors_origins = ["*"] }

  expect_failures = [var.cors_origins]
}

run "refuses_an_origin_with_a_path" {
  command = plan

  variables { cors_origins = ["https://photos.example.com/"] }

  expect_failures = [var.cors_origins]
}

# It would end the text in which a template compares it.
run "refuses_an_origin_with_a_quote" {
  command = plan

  variables { cors_origins = ["https://photos.example.com'"] }

  expect_failures = [var.cors_origins]
}

run "refuses_executions_of_every_state_machine" {
  command = plan

  variables { executions_arn = "arn:aws:states:eu-west-1:123456789012:execution:*:*" }

  expect_failures = [var.executions_arn]
}

run "refuses_the_arn_of_a_state_machine" {
  command = plan

  variables { executions_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery" }

  expect_failures = [var.executions_arn]
}
